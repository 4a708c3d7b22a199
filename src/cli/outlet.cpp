#include "cli/outlet.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace blackstart::cli {
namespace {

constexpr std::size_t kPendingMax = 1 << 20;
constexpr int kLastTries = 10;
constexpr int kLastTryMs = 50;

// Opening it anew gives a description of its own: O_NONBLOCK on the one that we share with the
// shell would stay after us. A file is written where we stand in it, so there a copy does.
UniqueFd open_output() {
  struct stat what {};
  const bool file = ::fstat(STDOUT_FILENO, &what) == 0 && S_ISREG(what.st_mode);
  if (!file) {
    UniqueFd own{::open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY)};
    if (own) return own;
  }
  return UniqueFd{::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3)};
}

winsize size_of(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return {24, 80, 0, 0};
  return size;
}

}  // namespace

Outlet::Outlet() {
  std::fflush(stdout);
  fd_ = open_output();
  terminal_ = ::isatty(STDOUT_FILENO) == 1;
}

Outlet::~Outlet() {
  flush();
  pollfd ready{fd_.get(), POLLOUT, 0};
  for (int tries = 0; !pending_.empty() && tries < kLastTries; ++tries) {
    ::poll(&ready, 1, kLastTryMs);
    flush();
  }
}

void Outlet::write(std::string_view text) {
  if (pending_.size() + text.size() > kPendingMax) pending_.clear();
  pending_ += text;
  flush();
}

void Outlet::draw(std::string_view frame) {
  flush();
  if (pending_.empty()) write(frame);
}

void Outlet::flush() {
  while (!pending_.empty()) {
    const ssize_t taken = ::write(fd_.get(), pending_.data(), pending_.size());
    if (taken <= 0) return;  // full, or nobody there: the run matters more
    pending_.erase(0, static_cast<std::size_t>(taken));
  }
}

int Outlet::columns() const { return size_of(fd_.get()).ws_col; }
int Outlet::rows() const { return size_of(fd_.get()).ws_row; }

}  // namespace blackstart::cli
