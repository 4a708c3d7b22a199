// The `tcp` probe.

#include <boost/asio/io_context.hpp>

#include <array>
#include <cerrno>
#include <optional>

#include "core/shapes.h"
#include "probe/attempt.h"
#include "probe/judge.h"
#include "probe/lookup.h"
#include "probe/peer.h"
#include "probe/registry.h"

namespace blackstart {
namespace {

constexpr Shape kTcpShape{.kind = Shape::Kind::text,
                          .doc = "host:port, such as db.local:5432 or [::1]:5432"};
constexpr std::array kExpectKeys{
    Key{"within", &shapes::kPositiveDuration,
        "connected this long after the sample started, name lookup included"},
};
constexpr Shape kExpect{
    .kind = Shape::Kind::object, .doc = "what is expected: within", .keys = kExpectKeys};

struct TcpPlan {
  std::string words, host;
  std::uint16_t port = 0;
  std::optional<Duration> within;
};

class TcpAttempt final : public Attempt {
 public:
  TcpAttempt(std::shared_ptr<const TcpPlan> plan, ProbeHost& host, Duration timeout, Done done)
      : Attempt{host, timeout, std::move(done)}, plan_{std::move(plan)} {}

 private:
  void begin() override {
    lookup_.emplace(host(), plan_->host, guarded([this](LookupResult result) {
                      phases_.resolve = elapsed();
                      if (result.addresses.empty())
                        return finish(failed_at(std::move(result.failure)));
                      addresses_ = std::move(result.addresses);
                      try_next();
                    }));
  }

  CheckResult timed_out() override {
    if (addresses_.empty()) return failed_at(lookup_->waiting_for());
    return failed_at("connect timed out after " + duration_text(timeout()));
  }

  CheckResult failed_at(std::string reason) const {
    CheckResult result = failed(std::move(reason));
    result.phases = phases_;
    return result;
  }

  void try_next() {
    socket_.reset();
    const PeerAddress peer{Endpoint{addresses_[tried_++], plan_->port}};
    Connecting made = start_connect(host(), SOCK_STREAM, peer);
    if (made.error != 0 && made.error != EINPROGRESS) return not_connected(made.error);
    socket_.emplace(host().loop(), made.fd.release());
    socket_->async_wait(WatchedFd::wait_write,
                        guarded([this](const boost::system::error_code& error) {
                          if (error) return;
                          const int why = connect_error(socket_->native_handle());
                          if (why != 0) return not_connected(why);
                          connected();
                        }));
  }

  void not_connected(int error) {
    if (tried_ < addresses_.size()) return try_next();
    finish(failed_at(error_words(error)));
  }

  void connected() {
    const Duration took = elapsed();
    phases_.connect = took - phases_.resolve;
    finish(judge(
        late(plan_->within, took), [] { return std::nullopt; }, phases_));
  }

  std::shared_ptr<const TcpPlan> plan_;
  std::optional<NameLookup> lookup_;
  std::vector<Address> addresses_;
  std::size_t tried_ = 0;
  std::optional<WatchedFd> socket_;
  CheckPhases phases_;
};

class TcpCheck final : public ProbeCheck {
 public:
  explicit TcpCheck(TcpPlan plan) : plan_{std::make_shared<const TcpPlan>(std::move(plan))} {}

  std::string in_words() const override { return "connect to " + plan_->words; }

  void start(ProbeHost& host, Duration timeout,
             std::function<void(CheckResult)> done) const override {
    Attempt::launch(std::make_shared<TcpAttempt>(plan_, host, timeout, std::move(done)));
  }

 private:
  std::shared_ptr<const TcpPlan> plan_;
};

// Splits host:port; false where it is not of that form.
bool split(std::string_view text, TcpPlan& plan) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  const auto port = parse_integer(text.substr(colon + 1));
  if (!port || *port < 1 || *port > 65'535) return false;
  std::string_view host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
    if (!parse_address(host)) return false;
  } else if (host.find(':') != std::string_view::npos) {
    return false;  // an IPv6 address without brackets: nobody knows where it ends
  }
  plan.host = host;
  plan.port = static_cast<std::uint16_t>(*port);
  return !host.empty() && host.find_first_of(" /") == std::string_view::npos;
}

std::unique_ptr<const ProbeCheck> parse_tcp(const ParamReader& probe) {
  TcpPlan plan;
  plan.words = probe.text("tcp").value_or("");
  plan.within = probe.inner("expect").duration("within");
  if (probe.has("tcp") && !split(plan.words, plan)) {
    probe.error("tcp", "not host:port: " + plan.words, "such as db.local:5432 or [::1]:5432");
  }
  return std::make_unique<TcpCheck>(std::move(plan));
}

}  // namespace

extern constinit const ProbeKind tcp_probe{
    .name = "tcp",
    .summary = "opens a TCP connection",
    .shape = &kTcpShape,
    .expect = &kExpect,
    .truth = nullptr,
    .parse = &parse_tcp,
};

}  // namespace blackstart
