#include "sys/sandbox_init.h"

#include <fcntl.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <fstream>
#include <optional>
#include <utility>

#include "sys/fd.h"
#include "sys/sandbox_files.h"
#include "sys/text_file.h"

namespace blackstart {
namespace {

constexpr char kNscdFolder[] = "/var/run/nscd";  // where glibc looks for its socket

// How far apart the copies of one signal may be sent that is for a whole process group; and how
// long its caller may take to pass its own copy on, which on a busy machine is long.
constexpr timespec kGroupDelivery{.tv_sec = 0, .tv_nsec = 20'000'000};
constexpr std::int64_t kPassedOnNs = 2'000'000'000;

void mount_or_throw(const char* source, const std::string& target, const char* type,
                    unsigned long flags, const char* data) {
  const std::string attempt = std::string{"mount("} + (type ? type : "bind") + ", " + target + ')';
  check(attempt, ::mount(source, target.c_str(), type, flags, data));
}

bool exists(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// A small file system over /proc, for as long as it takes to bind its files elsewhere: they
// need a home that no other process sees, and /proc is about to be covered anyway.
class Cupboard {
 public:
  Cupboard() { mount_or_throw("blackstart", kPlace, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755"); }
  ~Cupboard() { ::umount2(kPlace, MNT_DETACH); }
  Cupboard(const Cupboard&) = delete;
  Cupboard& operator=(const Cupboard&) = delete;

  void cover_file(const std::string& path, std::string_view content) {
    const std::string ours = next();
    const UniqueFd file{
        check("open(" + ours + ')', ::open(ours.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC,
                                           S_IRUSR | S_IWUSR | S_IRGRP | S_IROTH))};
    for (std::string_view rest = content; !rest.empty();) {
      rest.remove_prefix(static_cast<std::size_t>(
          check("write(" + ours + ')', ::write(file.get(), rest.data(), rest.size()))));
    }
    mount_or_throw(ours.c_str(), path, nullptr, MS_BIND, nullptr);
  }

  void cover_folder(const std::string& path) {
    const std::string ours = next();
    check("mkdir(" + ours + ')', ::mkdir(ours.c_str(), S_IRWXU));
    mount_or_throw(ours.c_str(), path, nullptr, MS_BIND, nullptr);
  }

 private:
  static constexpr char kPlace[] = "/proc";

  std::string next() { return std::string{kPlace} + '/' + std::to_string(used_++); }

  int used_ = 0;
};

void cover_name_service(const SandboxOptions& options) {
  const std::string nsswitch = read_text("/etc/nsswitch.conf").value_or("");
  const std::string hosts = read_text("/etc/hosts").value_or("");
  // Without the file, every resolver library asks 127.0.0.1, as our usual text says.
  const bool says_the_usual = options.resolv_conf == SandboxOptions{}.resolv_conf;

  Cupboard cupboard;
  if (exists("/etc/resolv.conf") || !says_the_usual) {
    cupboard.cover_file("/etc/resolv.conf", options.resolv_conf);
  }
  if (exists("/etc/nsswitch.conf")) {
    cupboard.cover_file("/etc/nsswitch.conf", with_hosts_from_files_and_dns(nsswitch));
  }
  if (!options.hosts.empty()) cupboard.cover_file("/etc/hosts", with_lines(hosts, options.hosts));
  if (exists(kNscdFolder)) cupboard.cover_folder(kNscdFolder);
}

void bring_loopback_up() {
  const UniqueFd socket{check("socket()", ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
  ifreq loopback{};
  loopback.ifr_name[0] = 'l';
  loopback.ifr_name[1] = 'o';
  loopback.ifr_flags = IFF_UP | IFF_RUNNING;
  check("ioctl(lo up)", ::ioctl(socket.get(), SIOCSIFFLAGS, &loopback));
}

std::int64_t now_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

// Tells a signal that was sent to our whole process group, `inside` included, from one that
// only the caller got.
class PassedOnce {
 public:
  explicit PassedOnce(pid_t inside) : inside_{inside} {}

  // The caller will pass on its copy, unless the terminal sent it: wait_for() knows those too.
  void group_got(const siginfo_t& info) {
    if (info.si_code != SI_KERNEL) {
      caller_owes_until_.at(static_cast<std::size_t>(info.si_signo)) = now_ns() + kPassedOnNs;
    }
  }

  void caller_got(int signal) {
    sigset_t same;
    ::sigemptyset(&same);
    ::sigaddset(&same, signal);
    siginfo_t info{};
    if (::sigtimedwait(&same, &info, &kGroupDelivery) == signal) group_got(info);
    auto& owes_until = caller_owes_until_.at(static_cast<std::size_t>(signal));
    if (now_ns() > std::exchange(owes_until, 0)) ::kill(inside_, signal);
  }

 private:
  pid_t inside_;
  std::array<std::int64_t, NSIG> caller_owes_until_{};
};

// The exit code of `inside`, once it has ended.
std::optional<int> reap(pid_t inside) {
  for (;;) {
    int status = 0;
    const pid_t ended = ::waitpid(-1, &status, WNOHANG);
    if (ended <= 0) return std::nullopt;
    if (ended == inside) return exit_code_of(status);
  }
}

}  // namespace

sigset_t passed_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::sigaddset(&set, signal);
  return set;
}

int passing_signal() { return SIGRTMIN; }

int exit_code_of(int wait_status) {
  return WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

void furnish_sandbox(const SandboxOptions& options) {
  // From here on nothing that is mounted shows outside.
  mount_or_throw(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr);
  cover_name_service(options);
  mount_or_throw("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
  bring_loopback_up();
}

int look_after(pid_t inside) {
  sigset_t awaited = passed_signals();
  ::sigaddset(&awaited, SIGCHLD);
  ::sigaddset(&awaited, passing_signal());
  PassedOnce signals{inside};
  for (;;) {
    siginfo_t info{};
    const int signal = ::sigwaitinfo(&awaited, &info);
    if (signal == SIGCHLD) {
      if (const auto code = reap(inside)) return *code;
    } else if (signal == passing_signal()) {
      signals.caller_got(info.si_value.sival_int);
    } else if (signal > 0) {
      signals.group_got(info);
    }
  }
}

}  // namespace blackstart
