#pragma once

// One check in flight.

#include <boost/asio/steady_timer.hpp>

#include <exception>
#include <functional>
#include <string>

#include "blackstart/probe.h"
#include "blackstart/time.h"
#include "probe/lifeline.h"

namespace blackstart {

CheckResult failed(std::string reason);

// A kind derives from it: begin() starts the work, finish() ends it, whatever comes first
// wins. The host owns it until it has answered. What a handler or begin() throws ends the
// attempt as failed, with the exception's words.
class Attempt {
 public:
  using Done = std::function<void(CheckResult)>;

  // Hands `attempt` to its host and begins it; `done` is called later, from the loop.
  static void launch(std::shared_ptr<Attempt> attempt);

  virtual ~Attempt() = default;
  Attempt(const Attempt&) = delete;
  Attempt& operator=(const Attempt&) = delete;

 protected:
  Attempt(ProbeHost& host, Duration timeout, Done done);

  virtual void begin() = 0;

  // What the sample says when the timeout comes first.
  virtual CheckResult timed_out() = 0;

  // Only the first call counts. The object lives on until the loop's next turn.
  void finish(CheckResult result);

  // A handler for asynchronous work: not run once the attempt has answered.
  template <class F>
  auto guarded(F handler) {
    return lifeline_.bind([this, handler = std::move(handler)](auto&&... args) mutable {
      if (answered_) return;
      try {
        handler(std::forward<decltype(args)>(args)...);
      } catch (const std::exception& error) {
        finish(failed(error.what()));
      }
    });
  }

  ProbeHost& host() { return host_; }
  Duration timeout() const { return timeout_; }
  Duration elapsed() const;

 private:
  ProbeHost& host_;
  Duration timeout_;
  Done done_;
  RunTime began_;
  boost::asio::steady_timer timer_;
  bool answered_ = false;
  CheckResult result_;
  Lifeline lifeline_;
};

}  // namespace blackstart
