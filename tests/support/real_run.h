#pragma once

// The real binary, on a network of the test's own and in a folder of its own.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/command.h"
#include "support/temp_files.h"
#include "sys/fd.h"
#include "sys/process.h"

namespace blackstart::test {

using namespace std::chrono_literals;
using Json = nlohmann::json;

inline const std::string kLedgerProgram = BLACKSTART_BIN_DIR "/blackstart-wallet";

// A ledger as a scenario's own stack.
inline std::string ledger_stack() {
  return "stack: {start: [" + kLedgerProgram +
         ", ledger, --listen, '127.0.0.1:8545', --item, alice=42.5],"
         " ready: {tcp: '127.0.0.1:8545'}, ready_within: 10s}\n";
}

// The ledger is watched and cut off. `more` wins over nothing: it must not repeat a key.
inline std::string ledger_scenario(const std::string& timeline, const std::string& more = {}) {
  return "blackstart: 1\n"
         "title: The ledger is cut off\n"
         "targets:\n"
         "  ledger: {cidr: [127.0.0.1/32], port: [8545], protocol: tcp}\n"
         "  nobody: {cidr: [192.0.2.0/24]}\n"
         "probes:\n"
         "  balance: {http: 'http://127.0.0.1:8545/balance/alice', every: 50ms, timeout: 300ms}\n"
         "watch: {baseline: 500ms, hold: 500ms, limit: 10s}\n"
         "timeline:\n" +
         timeline + more;
}

inline const std::string kShortCut =
    "  - {at: 0s, for: 500ms, name: cut, partition: {target: ledger, how: reset}}\n";
inline const std::string kLongCut =
    "  - {at: 0s, for: 60s, name: cut, partition: {target: ledger, how: reset}}\n";

// Asks until it is so; false once `within` is over.
inline bool comes_true(std::chrono::milliseconds within, const std::function<bool()>& is_so) {
  for (auto left = within; left > 0ms; left -= 20ms) {
    if (is_so()) return true;
    ::poll(nullptr, 0, 20);
  }
  return is_so();
}

// Empty, or cut short, where it cannot be read: a process may go while its /proc is read.
inline std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path, std::ios::binary}.rdbuf();
  return std::move(text).str();
}

// Whether 127.0.0.1:`port` takes a connection in the test's own network.
inline bool answers(std::uint16_t port) {
  const UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  const timeval patience{.tv_sec = 0, .tv_usec = 200'000};
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in server{};
  server.sin_family = AF_INET;
  server.sin_port = htons(port);
  server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0;
}

// Of the calling thread's own network.
inline void loopback_up() {
  ifreq loopback{};
  loopback.ifr_name[0] = 'l';
  loopback.ifr_name[1] = 'o';
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  const UniqueFd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  check("ioctl(lo up)", ::ioctl(socket.get(), SIOCSIFFLAGS, &loopback));
}

// A network namespace a test: as an ordinary user in a user namespace too, where that user is
// root. Every command below runs in the folder `path()`.
class RealRun : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ = UniqueFd{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)};
    if (!enter_own_network()) return skip("needs a network namespace of its own");
    loopback_up();
  }

  void TearDown() override { ::setns(home_.get(), CLONE_NEWNET); }

  // Skips the test, or fails it where nothing may be skipped. Return after it.
  static void skip(const std::string& reason) {
    if (std::getenv("BLACKSTART_NO_SKIP") != nullptr) FAIL() << reason;
    GTEST_SKIP() << reason;
  }

  const std::string& path() const { return folder_.path(); }
  std::string write(const std::string& name, const std::string& text) const {
    return folder_.write(name, text);
  }

  Outcome in_folder(const std::string& line) const { return shell("cd " + path() + " && " + line); }

  // blackstart, both streams.
  Outcome run(const std::string& arguments) const {
    return in_folder(blackstart(arguments) + " 2>&1");
  }

  // `blackstart run` of this text into the folder `run`.
  Outcome play(const std::string& scenario, const std::string& options = {}) const {
    write("outage.yaml", scenario);
    return run("run outage.yaml --plain --out run " + options);
  }

  // Starts a command that goes on; what it prints is in the file NAME.txt.
  std::unique_ptr<Process> start(const std::string& name, const std::string& line) const {
    ProcessOptions options;
    options.argv = {"sh", "-c", "exec " + line + " >" + name + ".txt 2>&1"};
    options.cwd = path();
    options.output = ProcessOutput::discarded;
    options.supervised = false;
    return std::make_unique<Process>(options);
  }

  // A run of this text that has its first fault in force when this returns.
  std::unique_ptr<Process> start_run(const std::string& scenario) const {
    write("outage.yaml", scenario);
    auto run = start("printed", blackstart("run outage.yaml --plain --out run"));
    EXPECT_TRUE(comes_true(20s, [&] { return saw("on"); })) << printed();
    return run;
  }

  std::unique_ptr<Process> start_ledger() const {
    auto ledger =
        start("ledger", kLedgerProgram + " ledger --listen 127.0.0.1:8545 --item alice=42.5");
    EXPECT_TRUE(comes_true(10s, [] { return answers(8545); }));
    return ledger;
  }

  // Exit code, 128 + signal, or -1 where it has not ended within the time.
  static int end_of(Process& process, std::chrono::milliseconds within = 20s) {
    pollfd ended{process.exit_fd(), POLLIN, 0};
    if (::poll(&ended, 1, static_cast<int>(within.count())) <= 0) return -1;
    const auto status = process.poll();
    return status ? (status->signal != 0 ? 128 + status->signal : status->code) : -1;
  }

  std::string printed() const { return text_of(path() + "/printed.txt"); }
  Json report() const { return Json::parse(text_of(path() + "/run/report.json")); }

  // The journal's events in their order, without a torn last line.
  std::vector<Json> journal() const {
    std::vector<Json> events;
    std::ifstream in{path() + "/run/journal.jsonl"};
    for (std::string line; std::getline(in, line);) {
      Json event = Json::parse(line, nullptr, false);
      if (!event.is_discarded()) events.push_back(std::move(event));
    }
    return events;
  }

  bool saw(const std::string& event) const {
    for (const Json& one : journal()) {
      if (one.at("e") == event) return true;
    }
    return false;
  }

  // The tables of the test's own network, as nft prints them.
  static std::string tables() { return shell("nft list tables 2>&1").output; }

 private:
  static bool enter_own_network() {
    if (::geteuid() == 0) return ::unshare(CLONE_NEWNET) == 0;
    const std::string uid = std::to_string(::geteuid()), gid = std::to_string(::getegid());
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) return false;
    std::ofstream{"/proc/self/setgroups"} << "deny";
    std::ofstream{"/proc/self/uid_map"} << "0 " + uid + " 1";
    std::ofstream{"/proc/self/gid_map"} << "0 " + gid + " 1";
    return ::geteuid() == 0;
  }

  TempDir folder_;
  UniqueFd home_;
};

}  // namespace blackstart::test
