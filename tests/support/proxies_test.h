#pragma once

// Proxies in a network of their own, and a server behind them.

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "serve/proxies.h"
#include "support/kernel_test.h"
#include "support/stream_peers.h"
#include "sys/clock.h"

namespace blackstart::test {

inline toxic::Toxic toxic_of(std::string_view kind, toxic::Values values = {},
                             toxic::Stream stream = toxic::Stream::downstream) {
  return {.name = {},
          .kind = toxic::find_kind(kind),
          .stream = stream,
          .stream_text = {},
          .toxicity = 1,
          .values = values};
}

class ProxiesTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    loopback_up();
    server_.emplace();
    proxies_.emplace(ProxiesOptions{.threads = 2});
  }
  void TearDown() override {
    proxies_.reset();
    server_.reset();
    KernelTest::TearDown();
  }

  ProxyState create(const std::string& name = "p") {
    return proxies_->create(
        {.name = name, .listen = "localhost:0", .upstream = server_->address()});
  }

  struct Pair {
    Stream client, server;
  };
  // Both ends of a connection through the proxy, which carries bytes both ways.
  Pair connect(const ProxyState& proxy) const {
    return {Stream::to(proxy.listen), server_->take()};
  }

  // How long it took, which must be little whatever connections do.
  template <class Call>
  static void at_once(const char* what, Call call) {
    const MonotonicClock clock;
    call();
    EXPECT_LT(clock.now().since_start, std::chrono::milliseconds{100}) << what;
  }

  template <class Call>
  static std::string refusal(Call call) {
    try {
      call();
      return "none";
    } catch (const ProxyError& error) {
      return error.what();
    }
  }

  std::optional<StreamServer> server_;
  std::optional<Proxies> proxies_;
};

}  // namespace blackstart::test
