// covers sys/sandbox_init

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <string>

#include "support/second_user.h"
#include "sys/fd.h"
#include "sys/user_namespace.h"

namespace blackstart {
namespace {

constexpr uid_t kNobody = 65534;
constexpr int kRefused = 77;  // a child's exit code for SandboxError

std::string slurp(const std::string& path) {
  std::ifstream file{path};
  return {std::istreambuf_iterator<char>{file}, {}};
}

void become_nobody() {
  if (::geteuid() != 0) return;  // already an ordinary user
  check("setgroups", ::setgroups(0, nullptr));
  check("setresgid", ::setresgid(kNobody, kNobody, kNobody));
  check("setresuid", ::setresuid(kNobody, kNobody, kNobody));
}

// A pipe whose reading end ends when the last process that holds the other one has gone.
class LifeLine {
 public:
  LifeLine() {
    int ends[2];
    check("pipe", ::pipe(ends));
    read_ = UniqueFd{ends[0]};
    write_ = UniqueFd{ends[1]};
  }

  void say(char what) const { check("write", ::write(write_.get(), &what, 1)); }

  // For the reading process: its own end no longer counts.
  void listen() { write_.reset(); }

  // The next byte, 0 if everybody has gone, nullopt after five seconds of neither.
  std::optional<char> hear() const {
    pollfd wait{.fd = read_.get(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, 5000) != 1) return std::nullopt;
    char what = 0;
    return ::read(read_.get(), &what, 1) == 1 ? what : '\0';
  }

 private:
  UniqueFd read_, write_;
};

pid_t spawn(const std::function<int()>& body) {
  const pid_t child = check("fork", ::fork());
  if (child != 0) return child;
  try {
    ::_exit(body());
  } catch (const SandboxError& error) {
    std::fprintf(stderr, "%s; %s\n", error.what(), error.remedy().c_str());
    ::_exit(kRefused);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(99);
  }
}

int join(pid_t child) {
  int status = 0;
  check("waitpid", ::waitpid(child, &status, 0));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int run_as(bool ordinary, const std::function<int()>& inside, const SandboxOptions& options = {}) {
  return join(spawn([&] {
    if (ordinary) become_nobody();
    return run_in_sandbox(options, inside);
  }));
}

// Forks a process that has left its session, ignores what can be ignored and never ends.
void leave_a_daemon_behind() {
  if (const pid_t starter = ::fork(); starter != 0) {
    join(starter);
    return;
  }
  ::setsid();
  if (::fork() != 0) ::_exit(0);
  for (const int signal : {SIGTERM, SIGHUP, SIGINT, SIGQUIT}) ::signal(signal, SIG_IGN);
  for (;;) ::pause();
}

// Echoes one byte over TCP between two sockets of this process, on a privileged port.
bool loopback_carries(int family) {
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);
  const UniqueFd listener{::socket(family, SOCK_STREAM, 0)};
  if (family == AF_INET6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    v6.sin6_addr = in6addr_loopback;
    v6.sin6_port = htons(53);
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address);
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    v4.sin_port = htons(53);
  }
  const socklen_t length = family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  const auto* where = reinterpret_cast<const sockaddr*>(&address);
  const UniqueFd client{::socket(family, SOCK_STREAM, 0)};
  return ::bind(listener.get(), where, length) == 0 && ::listen(listener.get(), 1) == 0 &&
         ::connect(client.get(), where, length) == 0;
}

class Sandbox : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    if (ordinary() && ::geteuid() == 0 && !has_second_user()) skip_for_want_of_a_second_user();
  }

  static bool ordinary() { return GetParam(); }
};

INSTANTIATE_TEST_SUITE_P(Users, Sandbox, testing::Values(false, true), [](const auto& user) {
  return user.param ? std::string{"AsAnOrdinaryUser"} : std::string{"AsTheCaller"};
});

TEST_P(Sandbox, HandsOutTheExitCode) {
  EXPECT_EQ(run_as(ordinary(), [] { return 0; }), 0);
  EXPECT_EQ(run_as(ordinary(), [] { return 7; }), 7);
  EXPECT_EQ(run_as(ordinary(), []() -> int { throw std::runtime_error{"on purpose"}; }), 1);
}

TEST_P(Sandbox, CallsTheSignalThatEndedItByItsNumber) {
  EXPECT_EQ(run_as(ordinary(), [] { return ::raise(SIGKILL); }), 128 + SIGKILL);
  EXPECT_EQ(run_as(ordinary(), [] { return ::raise(SIGTERM); }), 128 + SIGTERM);
}

TEST_P(Sandbox, HasAWorkingLoopbackForBothFamilies) {
  EXPECT_EQ(run_as(ordinary(), [] { return loopback_carries(AF_INET) ? 0 : 1; }), 0);
  EXPECT_EQ(run_as(ordinary(), [] { return loopback_carries(AF_INET6) ? 0 : 1; }), 0);
}

TEST_P(Sandbox, HasNoOtherDevice) {
  const int devices = run_as(ordinary(), [] {
    int count = 0;
    struct if_nameindex* all = ::if_nameindex();
    for (const auto* one = all; one != nullptr && one->if_index != 0; ++one) {
      count += std::string{one->if_name} == "lo" ? 1 : 10;
    }
    return count;
  });
  EXPECT_EQ(devices, 1);
}

TEST_P(Sandbox, ShowsItsOwnNameServiceAndLeavesTheMachinesAlone) {
  const std::string resolv_before = slurp("/etc/resolv.conf");
  const std::string hosts_before = slurp("/etc/hosts");
  const SandboxOptions options{.resolv_conf = "nameserver 127.0.0.1\n",
                               .hosts = {"10.77.0.10 wallet.test"}};
  const auto looks_right = [&] {
    if (slurp("/etc/resolv.conf") != options.resolv_conf) return 1;
    if (slurp("/etc/hosts").find("10.77.0.10 wallet.test\n") == std::string::npos) return 2;
    if (::access("/etc/nsswitch.conf", F_OK) != 0) return 0;
    return slurp("/etc/nsswitch.conf").ends_with("hosts: files dns\n") ? 0 : 3;
  };
  EXPECT_EQ(run_as(ordinary(), looks_right, options), 0);
  EXPECT_EQ(slurp("/etc/resolv.conf"), resolv_before);
  EXPECT_EQ(slurp("/etc/hosts"), hosts_before);
}

TEST_P(Sandbox, ShowsItsOwnProcessesInProc) {
  const int verdict = run_as(ordinary(), [] {
    char self[16] = {};
    if (::readlink("/proc/self", self, sizeof self - 1) <= 0) return 1;
    return ::getpid() == 2 && std::string{self} == "2" ? 0 : 2;
  });
  EXPECT_EQ(verdict, 0);
}

TEST_P(Sandbox, WritesFilesThatBelongToTheCaller) {
  char folder[] = "/tmp/blackstart-sandbox-XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  ASSERT_EQ(::chmod(folder, S_IRWXU | S_IRWXG | S_IRWXO), 0);
  const std::string path = std::string{folder} + "/journal";
  EXPECT_EQ(run_as(ordinary(), [&] { return std::ofstream{path} << "x" ? 0 : 1; }), 0);
  struct stat made {};
  ASSERT_EQ(::stat(path.c_str(), &made), 0);
  EXPECT_EQ(made.st_uid, ordinary() && ::geteuid() == 0 ? kNobody : ::geteuid());
  ::unlink(path.c_str());
  ::rmdir(folder);
}

TEST_P(Sandbox, LeavesNothingBehindWhenItEnds) {
  LifeLine line;
  EXPECT_EQ(run_as(ordinary(),
                   [] {
                     leave_a_daemon_behind();
                     return 0;
                   }),
            0);
  line.listen();
  EXPECT_EQ(line.hear(), '\0');
}

TEST_P(Sandbox, DiesWholeWhenItsCallerIsKilled) {
  LifeLine line;
  const pid_t caller = spawn([&] {
    if (ordinary()) become_nobody();
    return run_in_sandbox({}, [&]() -> int {
      leave_a_daemon_behind();
      line.say('r');
      for (;;) ::pause();
    });
  });
  line.listen();
  ASSERT_EQ(line.hear(), 'r');
  ::kill(caller, SIGKILL);
  EXPECT_EQ(line.hear(), '\0');
  EXPECT_EQ(join(caller), 128 + SIGKILL);
}

TEST_P(Sandbox, DiesWholeWhenTheInsideIsKilled) {
  LifeLine line;
  const pid_t caller = spawn([&] {
    if (ordinary()) become_nobody();
    return run_in_sandbox({}, [&]() -> int {
      leave_a_daemon_behind();
      return ::raise(SIGKILL);
    });
  });
  line.listen();
  EXPECT_EQ(line.hear(), '\0');
  EXPECT_EQ(join(caller), 128 + SIGKILL);
}

// Counts SIGHUPs until SIGTERM comes, which everybody on the way deals with after them, and calls
// `heard` for each. Nothing here depends on how long a signal takes.
int count_hangups(const std::function<void()>& ready, const std::function<void()>& heard) {
  sigset_t both;
  ::sigemptyset(&both);
  for (const int signal : {SIGHUP, SIGTERM}) ::sigaddset(&both, signal);
  ::sigprocmask(SIG_BLOCK, &both, nullptr);
  ready();
  int count = 0;
  for (int signal = 0; ::sigwait(&both, &signal) == 0 && signal == SIGHUP; ++count) heard();
  return count;
}

// How often SIGHUP reaches the inside; `send` is given the caller's pid, and a line on which each
// is heard of.
int times_that_hangup_arrives(const std::function<void(pid_t, const LifeLine&)>& send) {
  LifeLine line;
  const pid_t caller = spawn([&] {
    ::setpgid(0, 0);
    return run_in_sandbox(
        {}, [&] { return count_hangups([&] { line.say('r'); }, [&] { line.say('h'); }); });
  });
  line.listen();
  EXPECT_EQ(line.hear(), 'r');
  send(caller, line);
  EXPECT_EQ(line.hear(), 'h');
  ::kill(caller, SIGTERM);
  return join(caller);
}

TEST(SandboxSignals, ReachTheInsideOnceWhenOnlyTheCallerGotThem) {
  EXPECT_EQ(times_that_hangup_arrives([](pid_t caller, auto&) { ::kill(caller, SIGHUP); }), 1);
}

TEST(SandboxSignals, ReachTheInsideOnceWhenTheWholeGroupGotThem) {
  EXPECT_EQ(times_that_hangup_arrives([](pid_t caller, auto&) { ::kill(-caller, SIGHUP); }), 1);
}

// The caller is kept from running meanwhile, as a busy machine may keep it.
TEST(SandboxSignals, ReachTheInsideOnceHoweverLateTheCallerIs) {
  EXPECT_EQ(times_that_hangup_arrives([](pid_t caller, auto&) {
              ::kill(caller, SIGSTOP);
              ::kill(-caller, SIGHUP);
              ::poll(nullptr, 0, 200);
              ::kill(caller, SIGCONT);
            }),
            1);
}

TEST(SandboxSignals, ReachTheInsideAgainWhenSentAgain) {
  EXPECT_EQ(times_that_hangup_arrives([](pid_t caller, const LifeLine& line) {
              ::kill(caller, SIGHUP);
              EXPECT_EQ(line.hear(), 'h');
              ::kill(caller, SIGHUP);
            }),
            2);
}

TEST(SandboxSignals, OfTheTerminalArriveOnceAndTheTerminalStays) {
  const winsize size{.ws_row = 24, .ws_col = 80, .ws_xpixel = 0, .ws_ypixel = 0};
  int terminal = -1;
  const pid_t caller = check("forkpty", ::forkpty(&terminal, nullptr, nullptr, &size));
  if (caller == 0) {
    ::_exit(run_in_sandbox({}, [] {
      sigset_t both;
      ::sigemptyset(&both);
      for (const int signal : {SIGINT, SIGTERM}) ::sigaddset(&both, signal);
      ::sigprocmask(SIG_BLOCK, &both, nullptr);
      winsize seen{};
      if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &seen) != 0 || seen.ws_col != 80) return 90;
      check("write", ::write(STDOUT_FILENO, "r", 1));
      int count = 0;
      for (int signal = 0; ::sigwait(&both, &signal) == 0 && signal == SIGINT; ++count) {
        check("write", ::write(STDOUT_FILENO, "h", 1));
      }
      return count;
    }));
  }
  const UniqueFd screen{terminal};
  char said = 0;
  ASSERT_EQ(::read(terminal, &said, 1), 1);
  constexpr char kControlC = 3;
  ASSERT_EQ(::write(terminal, &kControlC, 1), 1);
  while (said != 'h') ASSERT_EQ(::read(terminal, &said, 1), 1);  // past its echo
  ::kill(caller, SIGTERM);
  EXPECT_EQ(join(caller), 1);
}

TEST_P(Sandbox, ReapsOrphans) {
  const int verdict = run_as(ordinary(), [] {
    LifeLine pid_of_orphan;
    const pid_t parent = ::fork();
    if (parent == 0) {
      const pid_t orphan = ::fork();
      if (orphan == 0) ::_exit(0);
      pid_of_orphan.say(static_cast<char>(orphan));
      ::_exit(0);
    }
    join(parent);
    const auto orphan = pid_of_orphan.hear();
    for (int tries = 0; tries < 100; ++tries) {
      if (::kill(static_cast<pid_t>(*orphan), 0) != 0) return 0;
      ::poll(nullptr, 0, 20);
    }
    return 1;
  });
  EXPECT_EQ(verdict, 0);
}

// The limit is each user namespace's own, so a sandbox can lower it for those within.
void forbid_user_namespaces() {
  std::ofstream limit{"/proc/sys/user/max_user_namespaces"};
  limit << 0 << std::flush;
}

TEST(SandboxRefused, NamesTheSwitchAndTheCommandThatHelps) {
  if (::geteuid() != 0 || !has_second_user()) return skip_for_want_of_a_second_user();
  const int verdict = run_as(false, [] {
    forbid_user_namespaces();
    become_nobody();
    try {
      run_in_sandbox({}, [] { return 0; });
    } catch (const SandboxError& error) {
      return error.remedy() == "sudo sysctl -w user.max_user_namespaces=10000" ? 0 : 2;
    }
    return 1;
  });
  EXPECT_EQ(verdict, 0);
}

TEST(SandboxRefused, ToRootIsMadeWithoutAUserNamespace) {
  const int verdict = run_as(false, [] {
    forbid_user_namespaces();
    return run_in_sandbox({}, [] { return loopback_carries(AF_INET) ? 5 : 1; });
  });
  EXPECT_EQ(verdict, 5);
}

}  // namespace
}  // namespace blackstart
