#include "sys/process_child.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace blackstart::child {
namespace {

constexpr int kExitAfterFailure = 127;

void write_all(int fd, const void* data, std::size_t size) {
  // Shorter than PIPE_BUF, so it is written whole or not at all.
  while (::write(fd, data, size) < 0 && errno == EINTR) {
  }
}

[[noreturn]] void fail(const Plan& plan, Step step) {
  const Failure failure{step, errno};
  write_all(plan.error_fd, &failure, sizeof failure);
  ::_exit(kExitAfterFailure);
}

void close_from(unsigned first, unsigned flags) { ::syscall(SYS_close_range, first, ~0U, flags); }

void die_with(pid_t parent, int signal) {
  ::prctl(PR_SET_PDEATHSIG, signal);
  if (::getppid() != parent) ::_exit(kExitAfterFailure);  // it died before the line above
}

// By the system call itself: glibc's sigaction() leaves out the two signals that it keeps for
// itself, and whoever started us may have left them ignored.
void default_dispositions() {
  struct {
    void (*handler)(int) = SIG_DFL;
    unsigned long flags = 0;
    void (*restorer)() = nullptr;
    std::uint64_t mask = 0;
  } action;  // the kernel's struct sigaction
  for (int signal = 1; signal < NSIG; ++signal) {
    ::syscall(SYS_rt_sigaction, signal, &action, nullptr, sizeof action.mask);
  }
}

// Every process there is, by pid and parent, as /proc shows it.
class ProcessTable {
 public:
  // False when /proc is not of our pid namespace: its numbers would name strangers.
  bool read() {
    count_ = 0;
    std::array<char, 32> self{};
    const ssize_t length = ::readlink("/proc/self", self.data(), self.size() - 1);
    if (length <= 0 || std::atoi(self.data()) != ::getpid()) return false;
    const int proc = ::open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0) return false;
    alignas(8) static std::array<char, 16 * 1024> buffer;
    long filled = 0;
    while ((filled = ::syscall(SYS_getdents64, proc, buffer.data(), buffer.size())) > 0) {
      for (long at = 0; at < filled;) {
        const auto* entry =
            static_cast<const dirent64*>(static_cast<const void*>(buffer.data() + at));
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') add(proc, entry->d_name);
        at += entry->d_reclen;
      }
    }
    ::close(proc);
    return true;
  }

  // Sends `signal` to every descendant of `root`.
  void signal_descendants(pid_t root, int signal) {
    std::size_t found = 0;
    static std::array<pid_t, kMost> family;
    for (pid_t parent = root;;) {
      for (std::size_t i = 0; i < count_; ++i) {
        if (parents_[i] == parent && found < kMost) family[found++] = pids_[i];
      }
      if (next_ == found) break;
      parent = family[next_++];
    }
    next_ = 0;
    for (std::size_t i = 0; i < found; ++i) ::kill(family[i], signal);
  }

 private:
  static constexpr std::size_t kMost = 32 * 1024;

  void add(int proc, const char* pid) {
    std::array<char, 64> path{};
    std::strncpy(path.data(), pid, path.size() - 8);
    std::strcat(path.data(), "/stat");
    const int file = ::openat(proc, path.data(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    std::array<char, 512> text{};
    const ssize_t length = ::read(file, text.data(), text.size() - 1);
    ::close(file);
    // "1234 (any name) S 1 …": the name may hold anything, also parentheses.
    const char* end = length > 0 ? std::strrchr(text.data(), ')') : nullptr;
    if (end == nullptr || std::strlen(end) < 5 || count_ == kMost) return;
    pids_[count_] = std::atoi(pid);
    parents_[count_++] = std::atoi(end + 4);
  }

  std::size_t count_ = 0, next_ = 0;
  std::array<pid_t, kMost> pids_, parents_;
};

// Holds one command and all that comes of it.
class Supervisor {
 public:
  // `exit_fd` is descriptor 0 by now.
  explicit Supervisor(pid_t command) : command_{command} {}

  [[noreturn]] void run() {
    sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int signal : {SIGCHLD, kTerminateSignal, kKillSignal}) ::sigaddset(&wanted, signal);
    for (;;) {
      reap();
      const int signal = ::sigwaitinfo(&wanted, nullptr);
      if (signal == kTerminateSignal) signal_all(SIGTERM);
      if (signal == kKillSignal) kill_all();
    }
  }

 private:
  // Ends the supervisor once nothing is left to hold.
  void reap() {
    int status = 0;
    pid_t ended = 0;
    while ((ended = ::waitpid(-1, &status, WNOHANG)) > 0) {
      if (ended != command_) continue;
      command_ = 0;
      write_all(STDIN_FILENO, &status, sizeof status);
    }
    if (ended < 0 && errno == ECHILD) ::_exit(0);
  }

  void signal_all(int signal) {
    static ProcessTable table;
    // While the command is not reaped its number can't have gone to a stranger.
    if (command_ != 0) ::kill(-command_, signal);
    if (table.read()) table.signal_descendants(::getpid(), signal);
  }

  // A process that is killed hands its children to us, the nearest subreaper, so going round
  // reaches everything, also what forks faster than it is found.
  [[noreturn]] void kill_all() {
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    const timespec pause{0, 10'000'000};
    for (;;) {
      signal_all(SIGKILL);
      reap();
      ::sigtimedwait(&child, nullptr, &pause);
    }
  }

  pid_t command_;
};

}  // namespace

void run_command(const Plan& plan) {
  ::setpgid(0, 0);
  die_with(plan.parent, SIGKILL);
  if (plan.netns_fd >= 0 && ::setns(plan.netns_fd, CLONE_NEWNET) != 0) fail(plan, Step::netns);
  if (plan.directory != nullptr && ::chdir(plan.directory) != 0) fail(plan, Step::directory);
  ::dup2(plan.input_fd, STDIN_FILENO);
  if (plan.output_is_ours == 0) {
    ::dup2(plan.output_fd, STDOUT_FILENO);
    ::dup2(plan.output_fd, STDERR_FILENO);
  }
  close_from(3, CLOSE_RANGE_CLOEXEC);
  if (plan.open_files != nullptr) ::setrlimit(RLIMIT_NOFILE, plan.open_files);
  default_dispositions();
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execvpe(plan.argv[0], plan.argv, plan.env);
  fail(plan, Step::execute);
}

void supervise(const Plan& plan) {
  ::setpgid(0, 0);  // a terminal's Ctrl-C is not for us
  die_with(plan.parent, kKillSignal);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  ::prctl(PR_SET_NAME, "bs-leash");
  default_dispositions();
  Plan inner = plan;
  inner.parent = ::getpid();
  const pid_t command = ::fork();
  if (command < 0) fail(plan, Step::fork);
  if (command == 0) run_command(inner);
  // Nothing of the parent's may live on here: a netlink socket would keep its tables alive.
  ::dup2(plan.exit_fd, STDIN_FILENO);
  close_from(1, 0);
  const int told = command;
  write_all(STDIN_FILENO, &told, sizeof told);
  Supervisor{command}.run();
}

}  // namespace blackstart::child
