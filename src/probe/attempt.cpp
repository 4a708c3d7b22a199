#include "probe/attempt.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include "probe/host.h"

namespace blackstart {

CheckResult failed(std::string reason) {
  CheckResult result;
  result.outcome = Outcome::failed;
  result.reason = std::move(reason);
  return result;
}

Attempt::Attempt(ProbeHost& host, Duration timeout, Done done)
    : host_{host},
      timeout_{timeout},
      done_{std::move(done)},
      began_{host.clock().now()},
      timer_{host.loop()} {}

void Attempt::launch(std::shared_ptr<Attempt> attempt) {
  Attempt& self = *attempt;
  self.host_.adopt(std::move(attempt));
  self.timer_.expires_after(self.timeout_);
  self.timer_.async_wait(self.guarded([&self](const boost::system::error_code& error) {
    if (!error) self.finish(self.timed_out());
  }));
  try {
    self.begin();
  } catch (const std::exception& error) {
    self.finish(failed(error.what()));
  }
}

void Attempt::finish(CheckResult result) {
  if (answered_) return;
  answered_ = true;
  result_ = std::move(result);
  timer_.cancel();
  boost::asio::post(host_.loop(), lifeline_.bind([this] {
    const Done done = std::move(done_);
    CheckResult answer = std::move(result_);
    host_.drop(*this);
    done(std::move(answer));
  }));
}

Duration Attempt::elapsed() const { return host_.clock().now() - began_; }

}  // namespace blackstart
