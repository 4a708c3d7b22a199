#pragma once

// What a check runs in: a loop, a network namespace, and what checks share.

#include <cstddef>
#include <map>
#include <memory>
#include <string>

#include "blackstart/probe.h"
#include "blackstart/time.h"
#include "sys/clock.h"
#include "sys/fd.h"

namespace boost::asio {
class io_context;
}

namespace blackstart {

class Attempt;     // probe/attempt.h: one check in flight
class HttpEngine;  // probe/http_engine.h: one libcurl multi handle on the loop
class StubFiles;   // probe/stub_files.h: what resolv.conf and hosts say

// Where probes stand. The two files are read again whenever they have changed, so a resolv.conf
// that a run replaces is seen by the next lookup; for a container give /proc/PID/root/etc/….
struct ProbePlace {
  UniqueFd netns;  // sockets are opened in it; none: the caller's own
  std::string resolv_conf = "/etc/resolv.conf";
  std::string hosts = "/etc/hosts";
};

// Everything here belongs to the loop's thread: construct, use and destroy it there, or while
// the loop does not run. The loop and the clock must outlive it. Destroying it abandons the
// checks in flight: their `done` is never called, their sockets and commands are ended.
class ProbeHost {
 public:
  ProbeHost(boost::asio::io_context& loop, const MonotonicClock& clock, ProbePlace place = {});
  ~ProbeHost();
  ProbeHost(const ProbeHost&) = delete;
  ProbeHost& operator=(const ProbeHost&) = delete;

  boost::asio::io_context& loop() { return loop_; }
  const MonotonicClock& clock() const { return clock_; }
  const ProbePlace& place() const { return place_; }

  // A non-blocking, close-on-exec socket in the place's namespace. Throws std::system_error.
  UniqueFd open_socket(int family, int type, int protocol = 0) const;

  StubFiles& stub_files() { return *stub_files_; }

  // Made at the first use, one for each file of trusted certificates ("": the system's), since
  // libcurl remembers a parsed file for one engine, and parsing the system's takes 25 ms.
  HttpEngine& http(const std::string& cacert);

  // Holds an attempt until it has answered; see probe/attempt.h.
  void adopt(std::shared_ptr<Attempt> attempt);
  void drop(const Attempt& attempt);

 private:
  struct Flights;  // the attempts in flight; gone before the rest

  boost::asio::io_context& loop_;
  const MonotonicClock& clock_;
  ProbePlace place_;
  std::unique_ptr<StubFiles> stub_files_;
  std::map<std::string, std::unique_ptr<HttpEngine>> http_;
  std::unique_ptr<Flights> flights_;
};

}  // namespace blackstart
