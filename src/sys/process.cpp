#include "sys/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>

#include "blackstart/limits.h"
#include "sys/clock.h"
#include "sys/process_child.h"
#include "sys/process_usage.h"

namespace blackstart {
namespace {

// How long a supervisor, which has sent SIGKILL, may wait for processes that the kernel
// cannot end just now (uninterruptible sleep).
constexpr std::chrono::seconds kKillPatience{3};

struct Pipe {
  UniqueFd reader, writer;
};

// Never 0 to 2, even where those are closed: the child overwrites them.
UniqueFd above_standard(int fd) {
  UniqueFd low{fd};
  return UniqueFd{check("fcntl(F_DUPFD_CLOEXEC)", ::fcntl(fd, F_DUPFD_CLOEXEC, 3))};
}

Pipe make_pipe() {
  std::array<int, 2> ends{};
  check("pipe2", ::pipe2(ends.data(), O_CLOEXEC));
  UniqueFd reader = above_standard(ends[0]);
  return {std::move(reader), above_standard(ends[1])};
}

void make_non_blocking(const UniqueFd& fd) {
  const int flags = check("fcntl(F_GETFL)", ::fcntl(fd.get(), F_GETFL));
  check("fcntl(F_SETFL)", ::fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK));
}

int pidfd_send(const UniqueFd& pidfd, int signal) {
  return static_cast<int>(::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0U));
}

// A null-terminated list of C strings; the strings must outlive it.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> environment_with(const std::vector<std::string>& added) {
  std::vector<std::string> all = added;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view ours{*entry};
    const std::string_view key = ours.substr(0, ours.find('=') + 1);
    const auto overrides = [&](const std::string& text) { return text.starts_with(key); };
    if (std::ranges::none_of(added, overrides)) all.emplace_back(ours);
  }
  return all;
}

// Signals stay blocked from before the fork until the child has put its own in order, so no
// handler of ours ever runs there.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~AllSignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

std::string attempt_of(child::Step step, const ProcessOptions& options) {
  const std::string run = "run " + options.argv.front();
  switch (step) {
    case child::Step::fork:
      return run + ": fork";
    case child::Step::netns:
      return run + ": enter its network namespace";
    case child::Step::directory:
      return run + ": enter directory " + options.cwd;
    case child::Step::execute:
      return run;
  }
  return run;
}

// Returns once the command runs; throws what stopped it.
void await_start(const UniqueFd& errors, pid_t child, const ProcessOptions& options) {
  child::Failure failure{};
  ssize_t got = 0;
  while ((got = ::read(errors.get(), &failure, sizeof failure)) < 0 && errno == EINTR) {
  }
  if (got != static_cast<ssize_t>(sizeof failure)) return;
  ::waitpid(child, nullptr, 0);
  throw std::system_error{failure.error, std::system_category(), attempt_of(failure.step, options)};
}

ExitStatus from_wait_status(int status) {
  if (WIFSIGNALED(status)) return {.code = 0, .signal = WTERMSIG(status)};
  return {.code = WEXITSTATUS(status), .signal = 0};
}

bool readable_within(const UniqueFd& fd, Duration span) {
  pollfd entry{.fd = fd.get(), .events = POLLIN, .revents = 0};
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(span).count();
  return ::poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(millis, 0))) > 0;
}

}  // namespace

std::string to_text(const ExitStatus& status) {
  if (status.signal == 0) return "exit status " + std::to_string(status.code);
  const char* name = ::strsignal(status.signal);
  return "killed by signal " + std::to_string(status.signal) + " (" + name + ")";
}

Process::Process(const ProcessOptions& options)
    : supervised_{options.supervised}, kept_max_{options.output_bytes_max} {
  if (options.argv.empty()) throw std::invalid_argument{"no command to run"};
  std::vector<std::string> argv = options.argv;
  std::vector<std::string> env = environment_with(options.env);
  const std::vector<char*> argv_pointers = pointers_to(argv);
  const std::vector<char*> env_pointers = pointers_to(env);

  const UniqueFd null_device =
      above_standard(check("open(/dev/null)", ::open("/dev/null", O_RDWR | O_CLOEXEC)));
  Pipe errors = make_pipe();
  Pipe exits = make_pipe();
  Pipe captured;
  UniqueFd given;
  int output_fd = null_device.get();
  const bool inherits = options.output_fd < 0 && options.output == ProcessOutput::inherited;
  if (options.output_fd >= 0) {
    given =
        UniqueFd{check("fcntl(F_DUPFD_CLOEXEC)", ::fcntl(options.output_fd, F_DUPFD_CLOEXEC, 3))};
    output_fd = given.get();
  } else if (options.output == ProcessOutput::captured) {
    captured = make_pipe();
    make_non_blocking(captured.reader);
    output_fd = captured.writer.get();
  }

  const child::Plan plan{
      .argv = argv_pointers.data(),
      .env = env_pointers.data(),
      .directory = options.cwd.empty() ? nullptr : options.cwd.c_str(),
      .netns_fd = options.netns != nullptr ? options.netns->get() : -1,
      .input_fd = null_device.get(),
      .output_fd = output_fd,
      .output_is_ours = inherits ? 1 : 0,
      .open_files = given_open_files_limit(),
      .error_fd = errors.writer.get(),
      .exit_fd = exits.writer.get(),
      .parent = ::getpid(),
  };
  {
    const AllSignalsBlocked blocked;
    child_ = check("run " + options.argv.front() + ": fork", ::fork());
    if (child_ == 0) {
      if (supervised_) child::supervise(plan);
      child::run_command(plan);
    }
  }
  errors.writer.reset();
  exits.writer.reset();
  await_start(errors.reader, child_, options);
  output_ = std::move(captured.reader);
  child_fd_ =
      UniqueFd{check("pidfd_open", static_cast<int>(::syscall(SYS_pidfd_open, child_, 0U)))};
  pid_ = child_;
  if (supervised_) {
    int told = 0;
    if (::read(exits.reader.get(), &told, sizeof told) == sizeof told) pid_ = told;
    make_non_blocking(exits.reader);
    exit_ = std::move(exits.reader);
  } else {
    exit_ = UniqueFd{check("fcntl(F_DUPFD_CLOEXEC)", ::fcntl(child_fd_.get(), F_DUPFD_CLOEXEC, 3))};
  }
}

Process::~Process() {
  if (!reaped_) kill_rest();
}

std::optional<ExitStatus> Process::poll() {
  if (status_) return status_;
  if (supervised_) {
    int told = 0;
    const ssize_t got = ::read(exit_.get(), &told, sizeof told);
    if (got == sizeof told) status_ = from_wait_status(told);
    // The supervisor was killed, and the command with it.
    if (got == 0) status_ = ExitStatus{.code = 0, .signal = SIGKILL};
    return status_;
  }
  siginfo_t info{};
  // Not reaped yet: its number, which is its group's, must stay ours until stop().
  if (::waitid(P_PID, static_cast<id_t>(child_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
      info.si_pid == child_) {
    status_ = info.si_code == CLD_EXITED ? ExitStatus{.code = info.si_status, .signal = 0}
                                         : ExitStatus{.code = 0, .signal = info.si_status};
  }
  return status_;
}

bool Process::take_output() {
  std::array<char, 4096> buffer;
  for (;;) {
    const ssize_t got = ::read(output_.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno == EAGAIN;
    if (got == 0) return false;
    kept_.insert(kept_.end(), buffer.data(), buffer.data() + got);
    if (kept_.size() > kept_max_) {
      kept_.erase(kept_.begin(), kept_.end() - static_cast<std::ptrdiff_t>(kept_max_));
    }
  }
}

void Process::terminate() {
  if (reaped_) return;
  if (supervised_) {
    pidfd_send(child_fd_, child::kTerminateSignal);
  } else {
    ::kill(-child_, SIGTERM);
  }
}

void Process::stop(Duration grace) {
  if (reaped_) return;
  if (grace > Duration::zero()) {
    terminate();
    gone_within(grace);
  }
  kill_rest();
}

// Output is taken meanwhile, since a command that cannot write its last words cannot end.
bool Process::gone_within(Duration span) {
  const MonotonicClock clock;
  while (clock.now().since_start < span) {
    if (output_ && !take_output()) output_.reset();
    const Duration left = span - clock.now().since_start;
    const Duration slice = output_ ? std::min<Duration>(left, std::chrono::milliseconds{20}) : left;
    if (readable_within(child_fd_, slice)) return true;
  }
  return false;
}

void Process::kill_rest() {
  if (supervised_) {
    pidfd_send(child_fd_, child::kKillSignal);
    if (!gone_within(kKillPatience)) pidfd_send(child_fd_, SIGKILL);
  } else {
    ::kill(-child_, SIGKILL);
  }
  poll();
  if (output_ && !take_output()) output_.reset();
  ::waitpid(child_, nullptr, 0);
  reaped_ = true;
  if (!status_) poll();
  if (!status_) status_ = ExitStatus{.code = 0, .signal = SIGKILL};
}

}  // namespace blackstart
