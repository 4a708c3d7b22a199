#pragma once

// Where the API is reached.

#include <string>
#include <utility>

#include "sys/fd.h"

namespace blackstart::api {

// One of the host's addresses, an IPv4 one if it has any; all interfaces where it is empty or a
// wildcard. The port may be a service's name. Throws BadListenAddress.
UniqueFd listen_on(const std::string& host, const std::string& port);

// A Unix socket that only its owner may connect to, gone with this object. One that a dead process
// left behind is replaced. Throws std::system_error.
class UnixListener {
 public:
  explicit UnixListener(std::string path);
  ~UnixListener();
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  UniqueFd take() { return std::move(fd_); }

 private:
  std::string path_;
  UniqueFd fd_;
};

}  // namespace blackstart::api
