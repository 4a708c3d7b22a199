#include "sys/user_namespace.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <tuple>

#include "sys/fd.h"
#include "sys/sandbox_init.h"

namespace blackstart {
namespace {

constexpr unsigned long kNamespaces = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID;

struct Pipe {
  Pipe() {
    std::array<int, 2> ends{};
    check("pipe2()", ::pipe2(ends.data(), O_CLOEXEC));
    read = UniqueFd{ends[0]};
    write = UniqueFd{ends[1]};
  }

  UniqueFd read, write;
};

// What init sends when it cannot furnish the sandbox; nothing, when it can.
struct Complaint {
  int error = 0;
  std::array<char, 200> attempt{};
};

// Holds our signals back while a sandbox runs; puts mask and SIGCHLD back afterwards.
class HeldSignals {
 public:
  HeldSignals() {
    held_ = passed_signals();
    ::sigaddset(&held_, SIGCHLD);
    sigset_t blocked = held_;
    ::sigaddset(&blocked, passing_signal());
    ::sigprocmask(SIG_BLOCK, &blocked, &mask_before_);
    struct sigaction usual {};
    usual.sa_handler = SIG_DFL;  // ignored, it would take our children's exit codes with it
    ::sigaction(SIGCHLD, &usual, &child_before_);
  }
  ~HeldSignals() { let_go(); }
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;

  void let_go() const {
    ::sigaction(SIGCHLD, &child_before_, nullptr);
    ::sigprocmask(SIG_SETMASK, &mask_before_, nullptr);
  }
  const sigset_t& set() const { return held_; }

 private:
  sigset_t held_{}, mask_before_{};
  struct sigaction child_before_ {};
};

void write_text(const std::string& path, const std::string& text) {
  const UniqueFd file{check("open(" + path + ')', ::open(path.c_str(), O_WRONLY | O_CLOEXEC))};
  check("write(" + path + ')', ::write(file.get(), text.data(), text.size()));
}

// Every id that the caller's namespace knows, as itself.
std::string same_ids(const char* map) {
  std::string out;
  std::ifstream file{map};
  for (unsigned long inside = 0, outside = 0, count = 0; file >> inside >> outside >> count;) {
    const std::string first = std::to_string(inside);
    out.append(first).append(" ").append(first).append(" ").append(std::to_string(count) + '\n');
  }
  return out;
}

void map_ids(pid_t init) {
  const std::string folder = "/proc/" + std::to_string(init) + '/';
  if (::geteuid() == 0) {
    write_text(folder + "uid_map", same_ids("/proc/self/uid_map"));
    write_text(folder + "gid_map", same_ids("/proc/self/gid_map"));
    return;
  }
  write_text(folder + "setgroups", "deny");  // the kernel's condition for the next two
  write_text(folder + "uid_map", "0 " + std::to_string(::geteuid()) + " 1\n");
  write_text(folder + "gid_map", "0 " + std::to_string(::getegid()) + " 1\n");
}

void complain(const UniqueFd& to, const std::system_error& error) {
  Complaint complaint{.error = error.code().value()};
  std::string attempt = error.what();
  const std::string reason = ": " + error.code().message();
  if (attempt.ends_with(reason)) attempt.resize(attempt.size() - reason.size());
  attempt.copy(complaint.attempt.data(), complaint.attempt.size() - 1);
  std::ignore = ::write(to.get(), &complaint, sizeof complaint);
}

int run_inside(const std::function<int()>& inside) {
  int code = 1;
  try {
    code = inside();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "blackstart: %s\n", error.what());
  }
  std::cout.flush();
  std::fflush(nullptr);
  return code;
}

// A fork whose child is process 1 of new namespaces. glibc's fork() takes no flags.
pid_t fork_into(unsigned long namespaces) {
  return static_cast<pid_t>(::syscall(SYS_clone, namespaces | SIGCHLD, 0, 0, 0, 0));
}

class Sandbox {
 public:
  Sandbox(const SandboxOptions& options, const std::function<int()>& inside,
          const HeldSignals& signals)
      : options_{options}, inside_{inside}, signals_{signals} {}

  // Returns process 1, once `inside` has been let in. Throws std::system_error.
  pid_t start(unsigned long namespaces) {
    Pipe mapped;  // a byte: the ids are mapped; its end: the caller has gone
    Pipe complaints;
    const pid_t init = fork_into(namespaces);
    if (init == 0) be_init(mapped, complaints);
    check("clone(namespaces)", init);
    mapped.read.reset();
    complaints.write.reset();
    try {
      if (namespaces & CLONE_NEWUSER) map_ids(init);
      check("write(pipe)", ::write(mapped.write.get(), "m", 1));
      hear(complaints.read);
    } catch (...) {
      ::kill(init, SIGKILL);
      ::waitpid(init, nullptr, 0);
      throw;
    }
    return init;
  }

 private:
  [[noreturn]] void be_init(Pipe& mapped, Pipe& complaints) {
    // Before the read: should the caller go at any moment, one of the two notices.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::prctl(PR_SET_NAME, "blackstart-init");
    mapped.write.reset();
    complaints.read.reset();
    char byte = 0;
    if (::read(mapped.read.get(), &byte, 1) != 1) ::_exit(1);
    mapped.read.reset();
    try {
      furnish_sandbox(options_);
      const pid_t child = check("fork()", ::fork());
      complaints.write.reset();
      if (child == 0) {
        signals_.let_go();
        ::_exit(run_inside(inside_));
      }
      ::_exit(look_after(child));
    } catch (const std::system_error& error) {
      complain(complaints.write, error);
    }
    ::_exit(1);
  }

  static void hear(const UniqueFd& from) {
    Complaint complaint;
    const ssize_t length = ::read(from.get(), &complaint, sizeof complaint);
    if (length <= 0) return;
    throw std::system_error{complaint.error, std::system_category(), complaint.attempt.data()};
  }

  const SandboxOptions& options_;
  const std::function<int()>& inside_;
  const HeldSignals& signals_;
};

[[noreturn]] void refuse(const std::system_error& error) {
  const Refusal refusal =
      explain_refusal(error.what(), error.code().value(), read_user_namespace_facts());
  throw SandboxError{"no sandbox: " + refusal.why + " (" + error.what() + ')', refusal.remedy};
}

// Root can do without the user namespace, where the machine or a container grants none.
pid_t start(Sandbox& sandbox) {
  try {
    return sandbox.start(kNamespaces | CLONE_NEWUSER);
  } catch (const std::system_error& error) {
    if (::geteuid() != 0) refuse(error);
  }
  try {
    return sandbox.start(kNamespaces);
  } catch (const std::system_error& error) {
    refuse(error);
  }
}

void pass_on(int signal, pid_t init) {
  sigval value{};
  value.sival_int = signal;
  ::sigqueue(init, passing_signal(), value);
}

int wait_for(pid_t init, const sigset_t& held) {
  for (;;) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&held, &info);
    if (signal == SIGCHLD) {
      int status = 0;
      if (::waitpid(init, &status, WNOHANG) == init) return exit_code_of(status);
    } else if (signal > 0 && info.si_code != SI_KERNEL) {
      pass_on(signal, init);  // the terminal's own reach the whole group by themselves
    }
  }
}

}  // namespace

int run_in_sandbox(const SandboxOptions& options, const std::function<int()>& inside) {
  std::cout.flush();
  std::fflush(nullptr);  // or the copies would print it again
  // A change of user or file capabilities would have closed our /proc entries to ourselves.
  ::prctl(PR_SET_DUMPABLE, 1);
  const HeldSignals signals;
  Sandbox sandbox{options, inside, signals};
  const pid_t init = start(sandbox);
  return wait_for(init, signals.set());
}

}  // namespace blackstart
