// covers serve/proxy_session

// How connections through a proxy end: by a toxic's clock, and by a reset.

#include <gtest/gtest.h>

#include <atomic>
#include <cerrno>
#include <thread>

#include "support/proxies_test.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;

class ProxyEnds : public ProxiesTest {
 protected:
  // A connection whose client reads nothing, with all full on its way.
  Pair stuck(const ProxyState& proxy) const {
    Pair pair = connect(proxy);
    const std::string block(1 << 20, 'x');
    while (::send(pair.server.fd(), block.data(), block.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0 ||
           is_writable(pair.server)) {
    }
    return pair;
  }

  bool comes_to_have_none() const {
    const MonotonicClock clock;
    while (!proxies_->connections().empty()) {
      if (clock.now().since_start > 5s) return false;
      ::poll(nullptr, 0, 5);
    }
    return true;
  }

  static bool reads_a_reset(const Stream& stream) {
    try {
      stream.receive_some();
      return false;
    } catch (const std::system_error& error) {
      return error.code().value() == ECONNRESET;
    }
  }

 private:
  static bool is_writable(const Stream& stream) {
    pollfd waiting{stream.fd(), POLLOUT, 0};
    return ::poll(&waiting, 1, 100) > 0;
  }
};

TEST_F(ProxyEnds, AToxicsTimeIsOverForAClientThatDoesNotRead) {
  const ProxyState proxy = create();
  for (const char* const kind : {"timeout", "limit_time"}) {
    const Pair pair = stuck(proxy);
    const toxic::Toxic toxic = proxies_->add_toxic("p", toxic_of(kind, {20}));
    EXPECT_TRUE(comes_to_have_none()) << kind;
    EXPECT_FALSE(pair.client.receive(1).empty()) << "what the kernel had taken";
    proxies_->remove_toxic("p", toxic.name);
  }
}

TEST_F(ProxyEnds, RemovingATimeoutEndsAClientThatDoesNotRead) {
  const ProxyState proxy = create();
  const Pair pair = stuck(proxy);
  proxies_->add_toxic("p", toxic_of("timeout"));
  proxies_->add_toxic("p", toxic_of("latency", {100'000}));
  proxies_->remove_toxic("p", "timeout_downstream");
  EXPECT_TRUE(comes_to_have_none());
}

TEST_F(ProxyEnds, ALimitOfBytesWaitsForItsReader) {
  const ProxyState proxy = create();
  proxies_->add_toxic("p", toxic_of("limit_data", {8 << 20}));
  const Pair pair = connect(proxy);
  std::thread blast{[&] {
    try {
      pair.server.send(std::string(16 << 20, 'x'));
    } catch (const std::system_error&) {  // it has ended
    }
  }};
  ::poll(nullptr, 0, 50);
  EXPECT_EQ(pair.client.receive(16 << 20).size(), 8 << 20);
  blast.join();
}

TEST_F(ProxyEnds, AResetIsAnEndToTheOtherSide) {
  const ProxyState proxy = create();
  {
    Pair pair = connect(proxy);
    pair.server.reset();
    EXPECT_TRUE(pair.client.ends());
  }
  Pair pair = connect(proxy);
  pair.client.reset();
  EXPECT_TRUE(pair.server.ends());
}

TEST_F(ProxyEnds, AResetIsPassedOnWhereItIsAskedForAndNoToxicActs) {
  Proxies passing{{.threads = 1, .pass_resets = true}};
  const auto proxy =
      passing.create({.name = "p", .listen = "localhost:0", .upstream = server_->address()});
  {
    Pair pair = connect(proxy);
    pair.server.send("before");
    EXPECT_EQ(pair.client.receive(6), "before");
    pair.server.reset();
    EXPECT_TRUE(reads_a_reset(pair.client));
  }
  {
    Pair pair = connect(proxy);
    pair.client.reset();
    EXPECT_TRUE(reads_a_reset(pair.server));
  }
  passing.add_toxic("p", toxic_of("latency", {1}));
  Pair pair = connect(proxy);
  pair.server.reset();
  EXPECT_TRUE(pair.client.ends());
}

}  // namespace
}  // namespace blackstart::test
