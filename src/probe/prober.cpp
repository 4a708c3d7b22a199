#include "probe/prober.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <algorithm>
#include <optional>
#include <vector>

#include "blackstart/limits.h"
#include "probe/host.h"
#include "probe/schedule.h"

namespace blackstart {
namespace {

// Started in one turn of the loop; then answers get their turn, so that a backlog does not
// make them look slow.
constexpr int kStartsPerTurn = 16;

std::vector<Duration> intervals_of(std::span<const ProbeSpec> probes) {
  std::vector<Duration> intervals;
  for (const ProbeSpec& probe : probes) intervals.push_back(probe.every);
  return intervals;
}

std::string capped_words() {
  return std::string{kNotSent} + std::to_string(limits::probe_in_flight_max) + " still in flight";
}

std::string missed_words(Duration late_by) {
  return std::string{kNotSent} + "due " +
         duration_text(std::chrono::ceil<std::chrono::milliseconds>(late_by)) +
         " ago, when this process did not run";
}

}  // namespace

class Prober::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(ProbeHost& host, std::span<const ProbeSpec> probes,
       std::function<void(ProbeSample)> on_sample)
      : host_{host},
        probes_{probes},
        on_sample_{std::move(on_sample)},
        timer_{host.loop()},
        waiting_(probes.size()) {}

  void start(RunTime at) {
    schedule_.emplace(intervals_of(probes_), at);
    arm();
  }

  void stop() {
    schedule_.reset();
    timer_.cancel();
  }

  std::size_t in_flight() const { return in_flight_; }

 private:
  // An absolute time of CLOCK_MONOTONIC, which is the steady clock.
  std::chrono::steady_clock::time_point on_steady_clock(RunTime at) const {
    return std::chrono::steady_clock::time_point{host_.clock().origin() + at.since_start};
  }

  void arm() {
    const std::optional<RunTime> next = schedule_->next();
    if (!next) return;
    timer_.expires_at(on_steady_clock(*next));
    timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
      const auto self = weak.lock();
      if (self && !error && self->schedule_) self->start_what_is_due();
    });
  }

  void start_what_is_due() {
    for (int started = 0; started < kStartsPerTurn; ++started) {
      const std::optional<DueSample> due = schedule_->take(host_.clock().now());
      if (!due) break;
      start_sample(*due);
    }
    arm();
  }

  void start_sample(const DueSample& due) {
    const ProbeSpec& probe = probes_[due.probe];
    ProbeSample sample;
    sample.probe = static_cast<std::uint32_t>(due.probe);
    sample.seq = due.seq;
    sample.due = due.at;
    sample.sent = host_.clock().now();
    ++in_flight_;
    if (waiting_[due.probe] >= limits::probe_in_flight_max) {
      return not_sent(std::move(sample), capped_words());
    }
    // A burst of samples for a time that is long past would tell nothing about it.
    const Duration late_by = sample.sent - due.at;
    if (late_by > std::max(probe.timeout, probe.every)) {
      return not_sent(std::move(sample), missed_words(late_by));
    }
    ++waiting_[due.probe];
    probe.check->start(
        host_, probe.timeout,
        [weak = weak_from_this(), sample = std::move(sample)](CheckResult result) mutable {
          if (const auto self = weak.lock()) self->take(std::move(sample), std::move(result));
        });
  }

  void not_sent(ProbeSample sample, std::string reason) {
    sample.done = sample.sent;
    sample.result.reason = std::move(reason);
    boost::asio::post(host_.loop(),
                      [weak = weak_from_this(), sample = std::move(sample)]() mutable {
                        if (const auto self = weak.lock()) self->hand_out(std::move(sample));
                      });
  }

  void take(ProbeSample sample, CheckResult result) {
    --waiting_[sample.probe];
    sample.done = host_.clock().now();
    sample.result = std::move(result);
    hand_out(std::move(sample));
  }

  void hand_out(ProbeSample sample) {
    --in_flight_;
    on_sample_(std::move(sample));
  }

  ProbeHost& host_;
  std::span<const ProbeSpec> probes_;
  std::function<void(ProbeSample)> on_sample_;
  boost::asio::steady_timer timer_;
  std::optional<ProbeSchedule> schedule_;  // while started
  std::vector<std::size_t> waiting_;       // by probe: sent and not answered
  std::size_t in_flight_ = 0;
};

Prober::Prober(ProbeHost& host, std::span<const ProbeSpec> probes,
               std::function<void(ProbeSample)> on_sample)
    : impl_{std::make_shared<Impl>(host, probes, std::move(on_sample))} {}

Prober::~Prober() = default;

void Prober::start(RunTime at) { impl_->start(at); }
void Prober::stop() { impl_->stop(); }
std::size_t Prober::in_flight() const { return impl_->in_flight(); }

}  // namespace blackstart
