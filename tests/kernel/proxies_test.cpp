// covers serve/proxies, serve/proxy_engine, serve/proxy_loop, serve/proxy_session
// covers serve/host_lookup, serve/listen_address, serve/upstream_watch

// Proxies between real sockets. What toxics do with bytes and time is tested in unit/toxic.

#include "serve/proxies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/un.h>

#include <optional>
#include <random>
#include <thread>

#include "support/proxies_test.h"
#include "support/temp_files.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

TEST_F(ProxiesTest, CarryBytesBothWaysAndTheEnd) {
  Pair pair = connect(create());
  pair.client.send("question");
  EXPECT_EQ(pair.server.receive(8), "question");
  pair.server.send("answer");
  pair.server.close();
  EXPECT_EQ(pair.client.receive(100), "answer");
  const auto traffic = proxies_->traffic();
  ASSERT_THAT(traffic, SizeIs(2));
  EXPECT_EQ(traffic[0].received, 8);
  EXPECT_EQ(traffic[0].sent, 8);
  EXPECT_EQ(traffic[1].sent, 6);
}

TEST_F(ProxiesTest, AnswerAnAddressInNumbersAndKeepItsPort) {
  const std::string listen = create().listen;
  EXPECT_THAT(listen, StartsWith("127.0.0.1:"));
  EXPECT_FALSE(proxies_->update("p", {.enabled = false}).enabled);
  EXPECT_THROW(Stream::to(listen), std::system_error);
  EXPECT_EQ(proxies_->update("p", {.enabled = true}).listen, listen);
  connect(proxies_->get("p"));
}

TEST_F(ProxiesTest, ListenOnWildcardsInBothFamilies) {
  for (const char* const any : {":0", "0.0.0.0:0", "[::]:0", ""}) {
    const auto proxy =
        proxies_->create({.name = "any", .listen = any, .upstream = server_->address()});
    EXPECT_THAT(proxy.listen, StartsWith("[::]:"));
    const std::string port = proxy.listen.substr(4);
    Stream::to("127.0.0.1" + port);
    Stream::to("[::1]" + port);
    // Compared by address: nothing restarts.
    const Stream client = Stream::to("127.0.0.1" + port);
    EXPECT_EQ(proxies_->update("any", {.listen = "0.0.0.0" + port}).listen, proxy.listen);
    EXPECT_EQ(proxies_->update("any", {.listen = port}).listen, proxy.listen);
    EXPECT_FALSE(client.hears(50ms));
    proxies_->remove("any");
  }
}

TEST_F(ProxiesTest, RefuseAsGoDoes) {
  const ProxyState taken = create();
  const auto create_at = [&](const std::string& listen) {
    return refusal([&] { proxies_->create({.name = "q", .listen = listen, .upstream = "x:1"}); });
  };
  EXPECT_EQ(create_at(taken.listen),
            "listen tcp " + taken.listen + ": bind: address already in use");
  EXPECT_EQ(create_at("192.0.2.1:80"),
            "listen tcp 192.0.2.1:80: bind: cannot assign requested address");
  EXPECT_EQ(create_at("127.0.0.1:99999"), "listen tcp: address 99999: invalid port");
  EXPECT_EQ(create_at("localhost"), "listen tcp: address localhost: missing port in address");
  EXPECT_EQ(create_at("::1:80"), "listen tcp: address ::1:80: too many colons in address");
  EXPECT_EQ(refusal([&] { proxies_->update("p", {.listen = "bad"}); }),
            "address bad: missing port in address");
  EXPECT_EQ(refusal([&] { create(); }), "proxy already exists");
  EXPECT_EQ(refusal([&] { proxies_->get("q"); }), "proxy not found");
  EXPECT_THAT(proxies_->all(), ElementsAre(Field(&ProxyState::name, "p")));
}

TEST_F(ProxiesTest, AnUpdateThatCannotListenLeavesItDisabled) {
  const ProxyState other = create("other"), proxy = create();
  EXPECT_THAT(refusal([&] { proxies_->update("p", {.listen = other.listen}); }),
              HasSubstr("address already in use"));
  EXPECT_FALSE(proxies_->get("p").enabled);
  EXPECT_EQ(proxies_->get("p").listen, other.listen);
  EXPECT_THROW(Stream::to(proxy.listen), std::system_error);
}

TEST_F(ProxiesTest, AClientWithoutAServerReadsTheEnd) {
  std::string nowhere;
  {
    const StreamServer gone;
    nowhere = gone.address();
  }
  for (const std::string& upstream :
       {nowhere, std::string{"no-port"}, std::string{"no.invalid:1"}}) {
    const auto proxy =
        proxies_->create({.name = "q", .listen = "localhost:0", .upstream = upstream});
    EXPECT_TRUE(Stream::to(proxy.listen).ends()) << upstream;
    proxies_->remove("q");
  }
}

// 192.0.2.1 is behind loopback here, which swallows what is sent to it.
TEST_F(ProxiesTest, AnUpstreamThatSwallowsHandshakesDelaysNobody) {
  ASSERT_EQ(shell("ip route add 192.0.2.0/24 dev lo").status, 0);
  const auto hole =
      proxies_->create({.name = "hole", .listen = "localhost:0", .upstream = "192.0.2.1:80"});
  std::vector<Stream> waiting;
  for (int i = 0; i < 20; ++i) waiting.push_back(Stream::to(hole.listen));
  const Pair pair = connect(create());
  pair.client.send("x");
  EXPECT_EQ(pair.server.receive(1), "x");
  at_once("add", [&] { proxies_->add_toxic("hole", toxic_of("latency", {5})); });
  at_once("disable", [&] { proxies_->update("hole", {.enabled = false}); });
  for (const Stream& one : waiting) EXPECT_TRUE(one.ends());
  at_once("delete", [&] { proxies_->remove("hole"); });
}

TEST_F(ProxiesTest, NoCallWaitsForAClientThatDoesNotRead) {
  const ProxyState proxy = create();
  const Pair pair = connect(proxy);
  std::atomic<bool> stop{false};
  std::thread blast{[&] {
    const std::string block(1 << 20, 'x');
    try {
      while (!stop) pair.server.send(block);
    } catch (const std::system_error&) {  // cut off, as it should be
    }
  }};
  for (const char* const kind : {"latency", "bandwidth", "slicer", "limit_data", "slow_close"}) {
    at_once(kind, [&] { proxies_->add_toxic("p", toxic_of(kind, {1'000'000, 1, 1})); });
  }
  at_once("update", [&] {
    proxies_->update_toxic("p", "latency_downstream", {.toxicity = {}, .values = {{0, 7}}});
  });
  at_once("remove", [&] { proxies_->remove_toxic("p", "bandwidth_downstream"); });
  at_once("list", [&] { EXPECT_THAT(proxies_->connections(), SizeIs(1)); });
  at_once("reset", [&] { proxies_->reset(); });
  at_once("disable", [&] { proxies_->update("p", {.enabled = false}); });
  at_once("delete", [&] { proxies_->remove("p"); });
  stop = true;
  blast.join();
}

TEST_F(ProxiesTest, ToxicsActOnLiveConnectionsAtOnce) {
  const ProxyState proxy = create();
  const Pair pair = connect(proxy);
  proxies_->add_toxic("p", toxic_of("bandwidth", {0}));
  pair.server.send("held");
  EXPECT_FALSE(pair.client.hears(50ms));
  EXPECT_EQ(proxies_->connections().at(0).down.held, 4);
  EXPECT_THAT(proxies_->connections().at(0).down.toxics, ElementsAre("bandwidth_downstream"));
  proxies_->remove_toxic("p", "bandwidth_downstream");
  EXPECT_EQ(pair.client.receive(4), "held");

  const MonotonicClock clock;
  proxies_->add_toxic("p", toxic_of("latency", {80}, toxic::Stream::upstream));
  const RunTime sent = clock.now();
  pair.client.send("late");
  EXPECT_EQ(pair.server.receive(4), "late");
  EXPECT_GE(clock.now() - sent, 80ms);

  // What it swallowed would be missed: the connection ends with it.
  proxies_->add_toxic("p", toxic_of("timeout"));
  proxies_->remove_toxic("p", "timeout_downstream");
  EXPECT_TRUE(pair.client.ends());
  EXPECT_TRUE(pair.server.ends());
}

TEST_F(ProxiesTest, AResetIsAResetAndArmedOnlyThen) {
  const ProxyState proxy = create();
  proxies_->add_toxic("p", toxic_of("reset_peer", {20}));
  {
    Pair pair = connect(proxy);
    pair.client.close();
    EXPECT_TRUE(pair.server.ends());  // not a reset
  }
  const Pair pair = connect(proxy);
  pair.server.send("x");
  try {
    pair.client.receive_some();
    ADD_FAILURE() << "no reset";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ECONNRESET);
  }
  EXPECT_TRUE(pair.client.ends());
}

TEST_F(ProxiesTest, HalfAnEndEndsAllUnlessItIsPassedOn) {
  const ProxyState proxy = create();
  {
    const Pair pair = connect(proxy);
    pair.client.send("all");
    pair.client.shut_down();
    EXPECT_EQ(pair.server.receive(100), "all");
    EXPECT_TRUE(pair.client.ends());
  }
  Proxies passing{{.threads = 1, .half_close = true}};
  const auto open =
      passing.create({.name = "p", .listen = "localhost:0", .upstream = server_->address()});
  Pair pair = connect(open);
  pair.client.send("question");
  pair.client.shut_down();
  EXPECT_EQ(pair.server.receive(100), "question");
  pair.server.send("answer");
  pair.server.close();
  EXPECT_EQ(pair.client.receive(100), "answer");
}

TEST_F(ProxiesTest, PopulateLeavesWhatIsTheSameAlone) {
  const ProxyState proxy = create();
  proxies_->add_toxic("p", toxic_of("noop"));
  const Pair pair = connect(proxy);
  auto same = proxy;
  same.enabled = false;
  const ProxyState bad{.name = "bad", .listen = "local373", .upstream = "x:1"};
  const ProxyState never{.name = "never", .listen = "localhost:0", .upstream = "x:1"};
  const auto first = proxies_->populate({same, bad, never});
  ASSERT_THAT(first.done, SizeIs(1));
  EXPECT_TRUE(first.done[0].enabled);
  EXPECT_THAT(first.done[0].toxics, SizeIs(1));
  ASSERT_TRUE(first.failure);
  EXPECT_EQ(refusal([&] { proxies_->get("never"); }), "proxy not found");
  pair.client.send("x");
  EXPECT_EQ(pair.server.receive(1), "x");

  auto other = proxy;
  other.upstream = "127.0.0.1:1";
  const auto second = proxies_->populate({other});
  EXPECT_THAT(second.done.at(0).toxics, IsEmpty());
  EXPECT_TRUE(pair.client.ends());
}

TEST_F(ProxiesTest, ResetStartsAllAndRemovesToxics) {
  const ProxyState proxy = create();
  create("q");
  proxies_->add_toxic("q", toxic_of("noop"));
  proxies_->update("p", {.enabled = false});
  proxies_->reset();
  EXPECT_EQ(proxies_->get("p").listen, proxy.listen);
  EXPECT_TRUE(proxies_->get("p").enabled);
  EXPECT_THAT(proxies_->get("q").toxics, IsEmpty());
}

TEST_F(ProxiesTest, GoToUnixSocketsToo) {
  const TempDir folder;
  const std::string path = folder.path() + "/server";
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, path.size());
  const UniqueFd listener{check("socket()", ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  check("bind()", ::bind(listener.get(), reinterpret_cast<sockaddr*>(&at), sizeof at));
  check("listen()", ::listen(listener.get(), 5));
  const auto proxy =
      proxies_->create({.name = "p", .listen = "localhost:0", .upstream = "unix:" + path});
  const Stream client = Stream::to(proxy.listen);
  const Stream server{
      UniqueFd{check("accept4()", ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))}};
  client.send("x");
  EXPECT_EQ(server.receive(1), "x");
  EXPECT_EQ(proxies_->connections().at(0).upstream, "unix:" + path);
  proxies_->update("p", {.upstream = "unix:/nowhere"});
  EXPECT_TRUE(Stream::to(proxies_->get("p").listen).ends());
}

TEST_F(ProxiesTest, RefuseClientsWhileTheUpstreamIsDownWhereAskedTo) {
  Proxies refusing{{.threads = 2, .refuse_when_down = true}};
  const auto proxy =
      refusing.create({.name = "p", .listen = "localhost:0", .upstream = server_->address()});
  const Endpoint upstream = parse_endpoint(server_->address(), 0).value();
  const auto takes_clients = [&] {
    try {
      return !Stream::to(proxy.listen).hears(100ms);
    } catch (const std::system_error& refused) {
      EXPECT_EQ(refused.code().value(), ECONNREFUSED);
      return false;
    }
  };
  const auto comes_to = [&](bool taking) {
    for (int tries = 0; tries < 100; ++tries) {
      if (takes_clients() == taking) return true;
      ::poll(nullptr, 0, 50);
    }
    return false;
  };
  EXPECT_TRUE(comes_to(true));
  server_.reset();
  EXPECT_TRUE(comes_to(false));
  EXPECT_EQ(refusing.get("p").listen, proxy.listen);
  server_.emplace(upstream.port);
  EXPECT_TRUE(comes_to(true));
  refusing.remove("p");
}

// Whatever changes meanwhile: nothing lost, nothing twice, nothing out of order.
TEST_F(ProxiesTest, LoseNothingWhileToxicsComeAndGo) {
  const ProxyState proxy = create();
  constexpr std::size_t kPairs = 16, kBytes = 2 << 20;
  std::vector<std::thread> threads;
  std::atomic<std::size_t> running{2 * kPairs}, wrong{0};
  std::mt19937 random{7};
  std::string text(kBytes, '\0');
  for (char& c : text) c = static_cast<char>(random());
  for (std::size_t i = 0; i < kPairs; ++i) {
    auto pair = std::make_shared<Pair>(connect(proxy));
    threads.emplace_back([&, pair] {
      pair->server.send(text);
      --running;
    });
    threads.emplace_back([&, pair] {
      if (pair->client.receive(kBytes) != text) ++wrong;
      --running;
    });
  }
  for (std::size_t i = 0; running > 0; ++i) {
    const char* const kind = std::array{"latency", "slicer", "bandwidth", "noop"}[i % 4];
    const toxic::Toxic toxic =
        proxies_->add_toxic("p", toxic_of(kind, {i % 4 == 2 ? 100'000 : 3, 2, 1}));
    ::poll(nullptr, 0, 5);
    proxies_->remove_toxic("p", toxic.name);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace blackstart::test
