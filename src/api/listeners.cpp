#include "api/listeners.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <system_error>

#include "serve/listen_address.h"

namespace blackstart::api {
namespace {

constexpr int kBacklog = 512;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.size() >= sizeof at.sun_path) {
    throw std::system_error{ENAMETOOLONG, std::system_category(), "bind(" + path + ")"};
  }
  path.copy(at.sun_path, path.size());
  return at;
}

UniqueFd unix_socket() {
  return UniqueFd{
      check("socket(unix)", ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
}

// A socket on which nobody listens any more.
bool is_left_behind(const sockaddr_un& at) {
  struct stat what {};
  if (::lstat(at.sun_path, &what) != 0 || !S_ISSOCK(what.st_mode)) return false;
  const UniqueFd probe = unix_socket();
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0 &&
         errno == ECONNREFUSED;
}

}  // namespace

UniqueFd listen_on(const std::string& host, const std::string& port) {
  const bool bare_v6 = host.find(':') != std::string::npos && !host.starts_with('[');
  const std::string name = bare_v6 ? "[" + host + "]" : host;
  return open_proxy_listener(resolve_listen(name + ":" + port));
}

UnixListener::UnixListener(std::string path) : path_{std::move(path)}, fd_{unix_socket()} {
  const sockaddr_un at = address_of(path_);
  if (is_left_behind(at)) ::unlink(path_.c_str());
  const mode_t before = ::umask(S_IRWXG | S_IRWXO);
  const int bound = ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at);
  const int reason = errno;
  ::umask(before);
  if (bound != 0) throw std::system_error{reason, std::system_category(), "bind(" + path_ + ")"};
  check("listen(" + path_ + ")", ::listen(fd_.get(), kBacklog));
}

UnixListener::~UnixListener() { ::unlink(path_.c_str()); }

}  // namespace blackstart::api
