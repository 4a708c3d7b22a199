#pragma once

// Runs probes on their schedule and hands out samples.

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

#include "blackstart/probe.h"
#include "blackstart/time.h"

namespace blackstart {

class ProbeHost;

// Open-loop: sample k of a probe is due at start + phase + k × every, whatever became of the
// samples before it. The phase spreads probes that share an interval, so that 200 of them do
// not fire in the same millisecond: it is fixed for the run, less than `every`, and zero for
// the first probe. A sample that could not be started in time is started late, never skipped:
// `sent` − `due` shows it. One that is due while limits::probe_in_flight_max of its probe are
// still waiting is not sent (kNotSent).
//
// Used from the loop's thread only. `on_sample` is called there, once for each sample, in the
// order in which samples finish. Destroying the prober abandons what is in flight.
class Prober {
 public:
  // `probes` and `host` must outlive it.
  Prober(ProbeHost& host, std::span<const ProbeSpec> probes,
         std::function<void(ProbeSample)> on_sample);
  ~Prober();

  // The first probe's first sample is due at `at`, on the host's clock.
  void start(RunTime at);

  // Starts no more samples. Those in flight are still handed out when they finish, each by
  // its probe's timeout at the latest.
  void stop();

  // Samples sent and not yet handed out. After stop(), zero means that there will be no more.
  std::size_t in_flight() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared: checks in flight hold it weakly
};

}  // namespace blackstart
