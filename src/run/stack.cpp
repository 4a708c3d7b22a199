#include "run/stack.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "blackstart/limits.h"
#include "sys/log.h"

namespace blackstart {
namespace {

constexpr std::size_t kTailBytes = 2'048;

std::unique_ptr<Process> start(const std::vector<std::string>& argv, const UniqueFd& log) {
  ProcessOptions options;
  options.argv = argv;
  options.output_fd = log.get();
  return std::make_unique<Process>(options);
}

}  // namespace

RunningStack::RunningStack(const Stack& stack, const std::string& log_path)
    : stack_{stack}, log_path_{log_path} {
  const int fd = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  log_ = UniqueFd{check("open(" + log_path + ")", fd)};
  process_ = start(stack.start, log_);
}

RunningStack::~RunningStack() { stop(); }

void RunningStack::stop() {
  if (!process_) return;
  if (!stack_.stop.empty()) {
    try {
      const auto stopping = start(stack_.stop, log_);
      pollfd ended{stopping->exit_fd(), POLLIN, 0};
      ::poll(&ended, 1,
             static_cast<int>(std::chrono::milliseconds{limits::stack_stop_grace}.count()));
    } catch (const std::system_error& error) {
      log_warning(std::string{"stack.stop: "} + error.what());
    }
  }
  process_->stop(limits::stack_stop_grace);
  process_.reset();
}

std::string RunningStack::last_output() const { return newest_lines(log_path_); }

std::string stack_log_path(const std::string& out_dir) { return out_dir + "/stack.log"; }

std::string newest_lines(const std::string& log_path) {
  const UniqueFd log{::open(log_path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (!log) return {};
  const off_t size = ::lseek(log.get(), 0, SEEK_END);
  std::array<char, kTailBytes> tail{};
  const off_t from = std::max<off_t>(0, size - static_cast<off_t>(tail.size()));
  const ssize_t read = ::pread(log.get(), tail.data(), tail.size(), from);
  const std::string text{tail.data(), static_cast<std::size_t>(std::max<ssize_t>(read, 0))};
  const std::size_t first_end = from > 0 ? text.find('\n') : std::string::npos;
  return first_end == std::string::npos ? text : text.substr(first_end + 1);
}

}  // namespace blackstart
