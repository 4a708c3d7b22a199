#pragma once

// A descriptor that closes itself, and the one way to call the system.

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <concepts>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace blackstart {

// Returns `result`, or throws with errno and `attempt`, e.g. "bind(127.0.0.53:53)".
template <std::signed_integral T>
T check(std::string_view attempt, T result) {
  if (result >= 0) return result;
  const int saved = errno;  // building the message below may itself change errno
  throw std::system_error{saved, std::system_category(), std::string{attempt}};
}

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_{fd} {}
  ~UniqueFd() { reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset() noexcept {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

// A second descriptor of the same open file, which a child that executes does not get: dup()
// would hand it on, whatever the first one is.
inline UniqueFd duplicate(int fd) {
  return UniqueFd{check("fcntl(F_DUPFD_CLOEXEC)", ::fcntl(fd, F_DUPFD_CLOEXEC, 0))};
}

}  // namespace blackstart
