// The `exec` probe.

#include <fcntl.h>

#include <boost/asio/io_context.hpp>

#include <optional>

#include "core/shapes.h"
#include "probe/attempt.h"
#include "probe/judge.h"
#include "probe/peer.h"
#include "probe/registry.h"
#include "sys/process.h"

namespace blackstart {
namespace {

constexpr int kOk = 0, kFailed = 1, kWrong = 2;  // exit statuses
constexpr std::size_t kReasonBytesMax = 200;

constexpr Shape kArgument{.kind = Shape::Kind::text, .doc = "a word of a command"};
constexpr Shape kExecShape{.kind = Shape::Kind::list,
                           .doc =
                               "a command and its arguments; exit status 0 is ok, 1 failed, "
                               "2 wrong; its last line of output is the reason",
                           .item = &kArgument,
                           .or_single = true};

std::string last_line(std::string_view text) {
  const std::size_t end = text.find_last_not_of(" \t\r\n");
  if (end == std::string_view::npos) return {};
  text = text.substr(0, end + 1);
  const std::size_t start = text.rfind('\n');
  return std::string{start == std::string_view::npos ? text : text.substr(start + 1)};
}

class ExecAttempt final : public Attempt {
 public:
  ExecAttempt(std::vector<std::string> argv, ProbeHost& host, Duration timeout, Done done)
      : Attempt{host, timeout, std::move(done)}, argv_{std::move(argv)} {}

 private:
  void begin() override {
    ProcessOptions options;
    options.argv = argv_;
    options.netns = host().place().netns ? &host().place().netns : nullptr;
    options.output_bytes_max = limits::evidence_bytes_max;
    process_.emplace(options);
    watch(exit_, process_->exit_fd(), [this] { ended(); });
    take_output();
  }

  CheckResult timed_out() override {
    process_->take_output();
    const std::string line = last_line(process_->last_output());
    std::string words = "still running after " + duration_text(timeout()) + ", killed";
    if (!line.empty()) words += "; last said: " + bounded(line, kReasonBytesMax);
    process_.reset();
    return failed(std::move(words));
  }

  // The descriptors are the process's: copies are lent to the loop.
  template <class F>
  void watch(std::optional<WatchedFd>& watched, int fd, F act) {
    if (!watched) {
      watched.emplace(host().loop(), check("fcntl", ::fcntl(fd, F_DUPFD_CLOEXEC, 3)));
    }
    watched->async_wait(WatchedFd::wait_read,
                        guarded([act](const boost::system::error_code& error) {
                          if (!error) act();
                        }));
  }

  void take_output() {
    if (process_->take_output()) {
      watch(output_, process_->output_fd(), [this] { take_output(); });
    } else {
      output_.reset();
    }
  }

  void ended() {
    const std::optional<ExitStatus> status = process_->poll();
    if (!status) return watch(exit_, process_->exit_fd(), [this] { ended(); });
    process_->take_output();
    const std::string output = process_->last_output();
    process_.reset();  // and all that it left
    finish(result_of(*status, output));
  }

  static CheckResult result_of(const ExitStatus& status, const std::string& output) {
    CheckResult result;
    const std::string line = bounded(last_line(output), kReasonBytesMax);
    if (status.signal == 0 && status.code == kOk) {
      result.outcome = Outcome::ok;
    } else if (status.signal == 0 && status.code == kWrong) {
      result.outcome = Outcome::wrong;
      result.reason = line.empty() ? to_text(status) : line;
      result.evidence = bounded(output, limits::evidence_bytes_max);
    } else {
      const bool plain = status.signal == 0 && status.code == kFailed;
      result.reason = line.empty() ? to_text(status) : plain ? line : to_text(status) + ": " + line;
    }
    return result;
  }

  std::vector<std::string> argv_;
  std::optional<Process> process_;
  std::optional<WatchedFd> exit_, output_;
};

class ExecCheck final : public ProbeCheck {
 public:
  explicit ExecCheck(std::vector<std::string> argv) : argv_{std::move(argv)} {}

  std::string in_words() const override {
    std::string words = "run";
    for (const std::string& argument : argv_) words.append(" ").append(argument);
    return words;
  }

  void start(ProbeHost& host, Duration timeout,
             std::function<void(CheckResult)> done) const override {
    Attempt::launch(std::make_shared<ExecAttempt>(argv_, host, timeout, std::move(done)));
  }

 private:
  std::vector<std::string> argv_;
};

std::unique_ptr<const ProbeCheck> parse_exec(const ParamReader& probe) {
  std::vector<std::string> argv = probe.texts("exec");
  const Node* node = probe.node("exec");
  if (node != nullptr && (argv.empty() || argv.front().empty())) {
    probe.error("exec", "no command to run");
  }
  // A command that is one text is for the shell, as in `stack: {start: …}`.
  if (node != nullptr && node->kind == Node::Kind::scalar) argv = {"/bin/sh", "-c", node->text};
  return std::make_unique<ExecCheck>(std::move(argv));
}

}  // namespace

extern constinit const ProbeKind exec_probe{
    .name = "exec",
    .summary = "runs a command and takes its exit status: 0 ok, 1 failed, 2 wrong",
    .shape = &kExecShape,
    .expect = nullptr,
    .truth = nullptr,
    .parse = &parse_exec,
};

}  // namespace blackstart
