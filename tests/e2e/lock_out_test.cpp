// covers cli/still_there, cli/live, run/front
// Whoever sits at the other end of an SSH connection is not locked out by their own fault.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr std::uint16_t kSshPort = 2'222;

// A command on a terminal of its own, 80 columns wide.
class AtATerminal {
 public:
  explicit AtATerminal(const std::string& line) {
    const winsize size{24, 80, 0, 0};
    int fd = -1;
    child_ = check("forkpty", ::forkpty(&fd, nullptr, nullptr, &size));
    if (child_ == 0) {
      ::setenv("TERM", "xterm", 1);
      ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
      ::_exit(127);
    }
    terminal_ = UniqueFd{fd};
  }
  ~AtATerminal() {
    if (child_ > 0) ::kill(child_, SIGKILL);
    if (child_ > 0) ::waitpid(child_, nullptr, 0);
  }
  AtATerminal(const AtATerminal&) = delete;
  AtATerminal& operator=(const AtATerminal&) = delete;

  // Reads until the screen has shown it; false once it ended or the time is over.
  bool shows(const std::string& text, std::chrono::milliseconds within) {
    return comes_true(within, [&] {
      read();
      return shown_.find(text) != std::string::npos;
    });
  }
  void press_enter() { check("write", ::write(terminal_.get(), "\r", 1)); }

  // The exit code; -1 where it has not ended within the time.
  int end(std::chrono::milliseconds within) {
    int status = 0;
    const bool ended = comes_true(within, [&] {
      read();
      return ::waitpid(child_, &status, WNOHANG) == child_;
    });
    if (!ended) return -1;
    child_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  const std::string& shown() const { return shown_; }

 private:
  void read() {
    pollfd ready{terminal_.get(), POLLIN, 0};
    std::array<char, 4096> data;
    while (::poll(&ready, 1, 0) > 0) {
      const ssize_t got = ::read(terminal_.get(), data.data(), data.size());
      if (got <= 0) return;
      shown_.append(data.data(), static_cast<std::size_t>(got));
    }
  }

  pid_t child_ = -1;
  UniqueFd terminal_;
  std::string shown_;
};

// The test is both ends of a connection to port 2222, by which whoever starts a run has come.
class LockOut : public RealRun {
 protected:
  void SetUp() override {
    RealRun::SetUp();
    if (IsSkipped()) return;
    const UniqueFd listening{socket()};
    sockaddr_in at = loopback(kSshPort);
    const auto* to = reinterpret_cast<const sockaddr*>(&at);
    check("bind", ::bind(listening.get(), to, sizeof at));
    check("listen", ::listen(listening.get(), 1));
    client_ = UniqueFd{socket()};
    check("connect", ::connect(client_.get(), to, sizeof at));
    server_ = UniqueFd{check("accept", ::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC))};
  }

  // Of the test's connection, for the environment of a command.
  std::string by_ssh() const {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    check("getsockname", ::getsockname(client_.get(), reinterpret_cast<sockaddr*>(&at), &size));
    return "SSH_CONNECTION='127.0.0.1 " + std::to_string(ntohs(at.sin_port)) + " 127.0.0.1 " +
           std::to_string(kSshPort) + "' ";
  }

  Outcome play_by_ssh(const std::string& scenario, const std::string& options) const {
    write("outage.yaml", scenario);
    return in_folder(by_ssh() + blackstart("run outage.yaml --plain --out run " + options) +
                     " 2>&1 </dev/null");
  }

  AtATerminal at_a_terminal(const std::string& scenario, const std::string& options = {}) const {
    write("outage.yaml", scenario);
    return AtATerminal{"cd " + path() + " && " + by_ssh() +
                       blackstart("run outage.yaml --out run " + options)};
  }

  // Whether the connection still carries something.
  bool is_alive() const {
    char byte = 0;
    pollfd ready{server_.get(), POLLIN, 0};
    return ::send(client_.get(), "x", 1, MSG_NOSIGNAL) == 1 && ::poll(&ready, 1, 2'000) == 1 &&
           ::recv(server_.get(), &byte, 1, 0) == 1;
  }

  static std::string everything(const std::string& lasts) {
    return "blackstart: 1\n"
           "title: Everything is cut off\n"
           "targets: {all: {any: true}}\n"
           "watch: {baseline: 0s, hold: 200ms, limit: 5s}\n"
           "timeline:\n"
           "  - {at: 0s, for: " +
           lasts + ", name: cut, partition: {target: all, cut_existing: true}, may_miss: true}\n";
  }

  std::vector<std::string> texts_of(const std::string& event) const {
    std::vector<std::string> out;
    for (const Json& one : journal()) {
      if (one.at("e") == event) out.push_back(one.at("text"));
    }
    return out;
  }

 private:
  static int socket() { return check("socket", ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)); }
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(port);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
  }

  UniqueFd client_, server_;
};

TEST_F(LockOut, WithoutATerminalItIsRefusedBeforeAnything) {
  const Outcome refused = play_by_ssh(everything("1s"), "");
  EXPECT_EQ(refused.code, 2) << refused.output;
  EXPECT_THAT(refused.output, AllOf(HasSubstr("'cut' would hit your own way to this machine"),
                                    HasSubstr("nothing was injected\ntry: --i-am-local")));
  EXPECT_FALSE(std::filesystem::exists(path() + "/run"));
}

TEST_F(LockOut, TheConnectionGoesOnWhileEverythingElseIsCut) {
  const auto ledger = start_ledger();
  write("outage.yaml", everything("60s"));
  const auto run = start(
      "printed", "env " + by_ssh() + blackstart("run outage.yaml --plain --out run --i-am-local"));
  ASSERT_TRUE(comes_true(20s, [&] { return saw("on"); })) << printed();
  EXPECT_FALSE(answers(8545));
  EXPECT_TRUE(is_alive());
  ::kill(run->pid(), SIGTERM);
  EXPECT_EQ(end_of(*run), 143) << printed();
  EXPECT_TRUE(is_alive());
}

TEST_F(LockOut, OneAtTheMachineItselfIsNotAsked) {
  const Outcome played = play(everything("200ms"), "</dev/null");
  EXPECT_EQ(played.code, 0) << played.output;
}

TEST_F(LockOut, WhatHitsOthersIsNotAskedFor) {
  const Outcome played = play_by_ssh(ledger_scenario(kShortCut, ledger_stack()), "");
  EXPECT_EQ(played.code, 0) << played.output;
}

TEST_F(LockOut, WithoutAnAnswerEverythingLiftsByItself) {
  AtATerminal terminal = at_a_terminal(everything("60s"));
  EXPECT_TRUE(terminal.shows("still there? press Enter within 10s", 20s)) << terminal.shown();
  EXPECT_TRUE(is_alive());
  EXPECT_EQ(terminal.end(30s), 7) << terminal.shown();
  EXPECT_TRUE(is_alive());
  EXPECT_EQ(tables(), "");
  ASSERT_EQ(texts_of("guard").size(), 1U);
  EXPECT_THAT(texts_of("guard")[0], HasSubstr("nobody confirmed within 10s"));
}

TEST_F(LockOut, EnterKeepsTheFault) {
  AtATerminal terminal = at_a_terminal(everything("2s"), "--plain");
  terminal.press_enter();  // before the question: no answer to it
  ASSERT_TRUE(terminal.shows("still there? Press Enter within 10s", 20s)) << terminal.shown();
  EXPECT_THAT(texts_of("note"), Not(testing::Contains("still there: the fault is kept")));
  terminal.press_enter();
  EXPECT_TRUE(terminal.shows("still there: the fault is kept", 5s)) << terminal.shown();
  EXPECT_EQ(terminal.end(20s), 0) << terminal.shown();
}

}  // namespace
}  // namespace blackstart::test
