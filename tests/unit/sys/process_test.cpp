// covers sys/process_child

#include "sys/process.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sys/clock.h"
#include "sys/netns.h"
#include "sys/process_usage.h"
#include "sys/signals.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> shell(std::string script) { return {"sh", "-c", std::move(script)}; }

bool wait_readable(int fd, std::chrono::milliseconds most = 5s) {
  pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
  return ::poll(&entry, 1, static_cast<int>(most.count())) > 0;
}

// Takes output until `wanted` shows up in it.
std::string output_with(Process& process, const std::string& wanted) {
  while (process.last_output().find(wanted) == std::string::npos &&
         wait_readable(process.output_fd()) && process.take_output()) {
  }
  return process.last_output();
}

ExitStatus ended(Process& process) {
  EXPECT_TRUE(wait_readable(process.exit_fd()));
  const std::optional<ExitStatus> status = process.poll();
  EXPECT_TRUE(status.has_value());
  return status.value_or(ExitStatus{.code = -1, .signal = 0});
}

// The number that the command printed after `label`.
pid_t printed_pid(Process& process, const std::string& label) {
  const std::string text = output_with(process, label);
  const std::size_t at = text.find(label);
  return at == std::string::npos ? 0 : std::atoi(text.c_str() + at + label.size());
}

bool alive(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/stat"};
  std::string text;
  std::getline(file, text);
  const std::size_t end = text.rfind(')');
  return end != std::string::npos && text[end + 2] != 'Z';
}

class ProcessInBothModes : public testing::TestWithParam<bool> {
 protected:
  ProcessOptions options(std::vector<std::string> argv) const {
    ProcessOptions made;
    made.argv = std::move(argv);
    made.supervised = GetParam();
    return made;
  }
};

INSTANTIATE_TEST_SUITE_P(Process, ProcessInBothModes, testing::Bool(),
                         [](const auto& mode) { return mode.param ? "supervised" : "alone"; });

TEST_P(ProcessInBothModes, TellsTheExitStatusAndKeepsTheOutput) {
  Process process{options(shell("echo to out; echo to err >&2; exit 3"))};
  const ExitStatus status = ended(process);
  EXPECT_EQ(status.code, 3);
  EXPECT_EQ(status.signal, 0);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(to_text(status), "exit status 3");
  output_with(process, "never there");
  EXPECT_EQ(process.last_output(), "to out\nto err\n");
}

TEST_P(ProcessInBothModes, TellsTheSignalThatEndedTheCommand) {
  Process process{options(shell("kill -KILL $$"))};
  const ExitStatus status = ended(process);
  EXPECT_EQ(status.signal, SIGKILL);
  EXPECT_FALSE(status.ok());
  EXPECT_EQ(to_text(status), "killed by signal 9 (Killed)");
}

TEST_P(ProcessInBothModes, HasNoStatusWhileTheCommandRuns) {
  Process process{options({"sleep", "60"})};
  EXPECT_FALSE(process.poll());
  EXPECT_FALSE(wait_readable(process.exit_fd(), 0ms));
  EXPECT_TRUE(alive(process.pid()));
  process.stop(5s);
  EXPECT_EQ(process.poll().value().signal, SIGTERM);
  EXPECT_FALSE(alive(process.pid()));
}

TEST_P(ProcessInBothModes, SaysWhyACommandCannotBeRun) {
  try {
    Process process{options({"/no/such/command"})};
    FAIL() << "it ran";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_STREQ(error.what(), "run /no/such/command: No such file or directory");
  }
}

TEST_P(ProcessInBothModes, SaysWhyItsDirectoryCannotBeEntered) {
  ProcessOptions made = options({"true"});
  made.cwd = "/etc/passwd";
  try {
    Process process{made};
    FAIL() << "it ran";
  } catch (const std::system_error& error) {
    EXPECT_STREQ(error.what(), "run true: enter directory /etc/passwd: Not a directory");
  }
}

TEST_P(ProcessInBothModes, KillsACommandThatIgnoresTerm) {
  Process process{options(shell("trap '' TERM; echo ready; while :; do sleep 0.01; done"))};
  output_with(process, "ready");
  const MonotonicClock clock;
  process.stop(50ms);
  EXPECT_LT(clock.now().since_start, 2s);
  EXPECT_EQ(process.poll().value().signal, SIGKILL);
  EXPECT_FALSE(alive(process.pid()));
}

TEST_P(ProcessInBothModes, LetsACommandEndInItsOwnWayWithinTheGrace) {
  Process process{
      options(shell("trap 'echo lifted; exit 7' TERM; echo ready; while :; do sleep 0.01; done"))};
  output_with(process, "ready");
  process.stop(5s);
  EXPECT_EQ(process.poll().value().code, 7);
  EXPECT_NE(process.last_output().find("lifted"), std::string::npos);
}

TEST_P(ProcessInBothModes, EndsTheWholeGroup) {
  Process process{options(shell("sleep 60 & echo child=$!; wait"))};
  const pid_t child = printed_pid(process, "child=");
  ASSERT_GT(child, 0);
  process.stop(5s);
  for (int turn = 0; turn < 100 && alive(child); ++turn) ::poll(nullptr, 0, 10);
  EXPECT_FALSE(alive(child));
}

TEST_P(ProcessInBothModes, KeepsOnlyTheNewestOutput) {
  ProcessOptions made = options(shell("head -c 300000 /dev/zero | tr '\\0' x; echo; echo last"));
  made.output_bytes_max = 100;
  Process process{made};
  while (wait_readable(process.output_fd()) && process.take_output()) {
  }
  EXPECT_EQ(process.last_output().size(), 100U);
  EXPECT_TRUE(process.last_output().ends_with("x\nlast\n"));
}

TEST_P(ProcessInBothModes, HandsDownNoDescriptorSignalMaskOrIgnoredSignal) {
  const int leak = ::open("/dev/null", O_RDONLY);  // not close-on-exec, on purpose
  ASSERT_GE(leak, 3);
  ::signal(SIGPIPE, SIG_IGN);
  const StopSignals blocked;
  // `ls` itself has /proc/self/fd open.
  Process process{
      options(shell("ls /proc/self/fd | tr '\\n' ' '; "
                    "grep -E 'SigBlk|SigIgn' /proc/self/status | tr -d '\\t'"))};
  ended(process);
  output_with(process, "never there");
  ::signal(SIGPIPE, SIG_DFL);
  ::close(leak);
  EXPECT_EQ(process.last_output(), "0 1 2 3 SigBlk:0000000000000000\nSigIgn:0000000000000000\n");
}

TEST_P(ProcessInBothModes, HasTheLimitOfOpenFilesThatWeWereGiven) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{.rlim_cur = 256, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  raise_open_files_limit();
  raise_open_files_limit();
  Process process{options(shell("ulimit -Sn; ulimit -Hn"))};
  ended(process);
  EXPECT_EQ(output_with(process, "never there"), "256\n" + std::to_string(before.rlim_max) + "\n");
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

TEST_P(ProcessInBothModes, TakesEnvironmentDirectoryAndOutputFile) {
  std::array<char, 32> path{"/tmp/process_testXXXXXX"};
  const UniqueFd file{::mkstemp(path.data())};
  ::unlink(path.data());
  ProcessOptions made = options(shell("echo $COLOUR in $(pwd) with $PATH"));
  made.env = {"COLOUR=green", "PATH=/usr/bin:/bin"};
  made.cwd = "/usr";
  made.output_fd = file.get();
  Process process{made};
  EXPECT_TRUE(ended(process).ok());
  EXPECT_EQ(process.output_fd(), -1);
  std::array<char, 128> text{};
  EXPECT_GT(::pread(file.get(), text.data(), text.size() - 1, 0), 0);
  EXPECT_STREQ(text.data(), "green in /usr with /usr/bin:/bin\n");
}

TEST(Process, HoldsOnToDaemonsThatLeaveTheGroup) {
  ProcessOptions made;
  made.argv = shell("setsid sh -c 'setsid sleep 60 & echo daemon=$!' & wait; exit 0");
  Process process{made};
  EXPECT_TRUE(ended(process).ok());
  const pid_t daemon = printed_pid(process, "daemon=");
  ASSERT_GT(daemon, 0);
  EXPECT_TRUE(alive(daemon)) << "a command may end and leave its services running";
  process.stop(5s);
  EXPECT_FALSE(alive(daemon));
}

TEST(Process, EndsDaemonsThatIgnoreTerm) {
  ProcessOptions made;
  made.argv = shell(
      "setsid sh -c \"trap '' TERM; echo daemon=\\$\\$; "
      "while :; do sleep 0.01; done\" & exec sleep 60");
  Process process{made};
  const pid_t daemon = printed_pid(process, "daemon=");
  ASSERT_GT(daemon, 0);
  process.stop(50ms);
  EXPECT_FALSE(alive(daemon));
}

// A process like ours that starts a command and is then killed outright.
TEST(Process, EverythingDiesWithUsEvenOnSigkill) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  const pid_t us = ::fork();
  if (us == 0) {
    ProcessOptions made;
    made.argv = shell("setsid sleep 60 & echo daemon=$!; echo command=$$; exec sleep 60");
    auto* process = new Process{made};  // never destroyed: we are killed
    const std::array<pid_t, 2> pids{process->pid(), printed_pid(*process, "daemon=")};
    if (::write(ends[1], pids.data(), sizeof pids) < 0) ::_exit(1);
    for (;;) ::pause();
  }
  std::array<pid_t, 2> pids{};
  ASSERT_EQ(::read(ends[0], pids.data(), sizeof pids), static_cast<ssize_t>(sizeof pids));
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_TRUE(alive(pids[0]));
  EXPECT_TRUE(alive(pids[1]));
  ::kill(us, SIGKILL);
  ::waitpid(us, nullptr, 0);
  for (const pid_t pid : pids) {
    for (int turn = 0; turn < 300 && alive(pid); ++turn) ::poll(nullptr, 0, 10);
    EXPECT_FALSE(alive(pid));
  }
}

TEST(Process, TheSupervisorKeepsNoDescriptorOfOurs) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  ProcessOptions made;
  made.argv = {"sleep", "60"};
  Process process{made};
  ::close(ends[1]);
  EXPECT_TRUE(wait_readable(ends[0], 2s)) << "somebody still holds the writing end";
  ::close(ends[0]);
}

TEST(StopSignals, QueueUpInsteadOfEndingUs) {
  StopSignals signals;
  EXPECT_FALSE(signals.take());
  ::kill(::getpid(), SIGTERM);
  EXPECT_TRUE(wait_readable(signals.fd()));
  EXPECT_EQ(signals.take(), SIGTERM);
  EXPECT_EQ(signals.taken(), 1);
  ::kill(::getpid(), SIGINT);
  EXPECT_EQ(signals.take(), SIGINT);
  EXPECT_EQ(signals.taken(), 2);
}

TEST(StopSignals, LeaveTheMaskAsItWas) {
  sigset_t before, after;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &before);
  { const StopSignals signals; }
  ::pthread_sigmask(SIG_SETMASK, nullptr, &after);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
    EXPECT_EQ(::sigismember(&before, signal), ::sigismember(&after, signal));
  }
}

}  // namespace
}  // namespace blackstart
