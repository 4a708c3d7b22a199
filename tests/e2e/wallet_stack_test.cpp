// The demo's world without Blackstart: its own name server stands in for the resolver.

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../../examples/wallet/breaker.h"
#include "sys/process.h"
#include "sys/user_namespace.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using wallet::Breaker;

constexpr char kProgram[] = BLACKSTART_BIN_DIR "/blackstart-wallet";
constexpr char kNaive[] = "10.77.0.41";
constexpr char kMultiHome[] = "10.77.0.42";
constexpr char kLedger[] = "10.77.0.10";

// Starts a role and waits until it says `ready`.
std::unique_ptr<Process> run_wallet(std::vector<std::string> arguments, const std::string& ready) {
  arguments.insert(arguments.begin(), kProgram);
  ProcessOptions options;
  options.argv = std::move(arguments);
  auto process = std::make_unique<Process>(options);
  // a role that refuses says so and ends: its last words and its end may come at once
  for (bool says_more = true; process->last_output().find(ready) == std::string::npos;) {
    pollfd said{process->output_fd(), POLLIN, 0};
    if (!says_more || ::poll(&said, 1, 5000) != 1) {
      ADD_FAILURE() << "never said \"" << ready << "\" but: " << process->last_output();
      break;
    }
    says_more = process->take_output();
  }
  return process;
}

std::unique_ptr<Process> run_stack() { return run_wallet({"stack"}, "everything is up"); }

std::unique_ptr<Process> run_zone(const std::vector<std::string>& records) {
  std::vector<std::string> arguments{"zone", "--listen", "10.77.0.1:53"};
  for (const std::string& record : records) {
    arguments.insert(arguments.end(), {"--record", record});
  }
  return run_wallet(std::move(arguments), "listening");
}

// The stack's names, with or without an address for the eastern database.
std::unique_ptr<Process> serve_names(bool with_east) {
  const std::string east = "dynamodb.us-east-1.amazonaws.com=10.77.0.21";
  return run_zone({with_east ? east : "below." + east,
                   "dynamodb.us-west-2.amazonaws.com=10.77.0.22", "ledger.example=10.77.0.10",
                   "rpc-east.example=10.77.0.31", "rpc-west.example=10.77.0.32"});
}

// The whole HTTP answer; empty where there is none.
std::string get(const char* address, std::uint16_t port, const std::string& path) {
  const UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  ::inet_pton(AF_INET, address, &server.sin_addr);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) != 0) {
    return {};
  }
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  ::send(socket.get(), request.data(), request.size(), MSG_NOSIGNAL);
  std::string answer;
  char chunk[1024];
  for (ssize_t got = 0; (got = ::recv(socket.get(), chunk, sizeof chunk, 0)) > 0;) {
    answer.append(chunk, static_cast<std::size_t>(got));
  }
  return answer;
}

std::string balance(const char* wallet) { return get(wallet, 8080, "/balance/alice"); }

// Asks until it is so; false after ten seconds.
bool comes_true(const std::function<bool()>& is_so) {
  for (int tries = 0; tries < 200; ++tries) {
    if (is_so()) return true;
    ::poll(nullptr, 0, 50);
  }
  return false;
}

bool shows(const char* wallet, const std::string& text) {
  return balance(wallet).find(text) != std::string::npos;
}

// Runs `body` in a sandbox in which the stack is up and every name has its address.
int with_stack(const std::function<void(std::unique_ptr<Process>& names)>& body) {
  return run_in_sandbox({}, [&] {
    const auto stack = run_stack();
    auto names = serve_names(true);
    EXPECT_TRUE(comes_true([] { return shows(kNaive, "\"balance\":42.5"); }));
    EXPECT_TRUE(comes_true([] { return shows(kMultiHome, "\"balance\":42.5"); }));
    body(names);
    return testing::Test::HasFailure() ? 1 : 0;
  });
}

TEST(WalletStack, TellsTheTruthTheLieAndTheOtherHome) {
  const int code = with_stack([](std::unique_ptr<Process>& names) {
    names.reset();
    names = serve_names(false);
    EXPECT_TRUE(comes_true([] { return shows(kNaive, "\"balance\":0.0"); }));
    EXPECT_THAT(balance(kNaive), HasSubstr("200 OK"));
    EXPECT_TRUE(comes_true([] { return shows(kMultiHome, "rpc-west.example"); }));
    EXPECT_THAT(balance(kMultiHome), HasSubstr("\"balance\":42.5"));
    EXPECT_THAT(get(kLedger, 8545, "/balance/alice"), HasSubstr("\"balance\":42.5"));

    names.reset();
    names = serve_names(true);
    EXPECT_TRUE(comes_true([] { return shows(kNaive, "\"balance\":42.5"); }));
    EXPECT_TRUE(comes_true([] { return shows(kMultiHome, "rpc-east.example"); }));
  });
  EXPECT_EQ(code, 0);
}

TEST(WalletStack, SaysUnknownWhenBothHomesAreGone) {
  const int code = with_stack([](std::unique_ptr<Process>& names) {
    names.reset();
    names = run_zone({"rpc-east.example=10.77.0.31", "rpc-west.example=10.77.0.32"});
    EXPECT_TRUE(comes_true([] { return shows(kMultiHome, "\"status\":\"unknown\""); }));
    EXPECT_THAT(balance(kMultiHome), HasSubstr("503"));
    EXPECT_THAT(balance(kMultiHome), HasSubstr("\"balance\":null"));
  });
  EXPECT_EQ(code, 0);
}

TEST(WalletStack, RefusesANetworkThatIsNoSandbox) {
  const int code = run_in_sandbox({}, [] {
    const auto first = run_stack();
    run_wallet({"stack"}, "this is no sandbox, the device stack0 is here");
    return testing::Test::HasFailure() ? 1 : 0;
  });
  EXPECT_EQ(code, 0);
}

// The naive wallet's way to be late.
class WalletBreaker : public testing::Test {
 protected:
  // Fails every request that is let through, one try each 200 ms; the instants of those.
  std::vector<std::chrono::milliseconds> tries_until(std::chrono::milliseconds end) {
    std::vector<std::chrono::milliseconds> tries;
    for (auto at = 0ms; at < end; at += 200ms) {
      if (!breaker_.lets_through(Breaker::Clock::time_point{at + 1h})) continue;
      breaker_.failed(Breaker::Clock::time_point{at + 1h});
      tries.push_back(at);
    }
    return tries;
  }

  Breaker breaker_;
};

TEST_F(WalletBreaker, OpensAfterThreeFailuresAndDoublesItsWait) {
  EXPECT_THAT(tries_until(20s),
              testing::ElementsAre(0ms, 200ms, 400ms, 1400ms, 3400ms, 7400ms, 15'400ms));
}

TEST_F(WalletBreaker, NeverWaitsLongerThanHalfAMinute) {
  const auto tries = tries_until(200s);
  ASSERT_GE(tries.size(), 3U);
  EXPECT_EQ(tries.back() - tries.end()[-2], 30s);
}

TEST_F(WalletBreaker, ClosesAtTheFirstSuccess) {
  tries_until(5s);
  breaker_.succeeded();
  EXPECT_THAT(tries_until(2s), testing::ElementsAre(0ms, 200ms, 400ms, 1400ms));
}

TEST_F(WalletBreaker, LetsOneRequestTryAtATime) {
  tries_until(500ms);
  const Breaker::Clock::time_point later{1h + 10s};
  EXPECT_TRUE(breaker_.lets_through(later));
  EXPECT_FALSE(breaker_.lets_through(later));
}

}  // namespace
}  // namespace blackstart
