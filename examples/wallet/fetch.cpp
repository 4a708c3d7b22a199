#include "fetch.h"

#include <httplib.h>
#include <netdb.h>

namespace wallet {
namespace {

// The first IPv4 address of `host`, or the system's reason why there is none. Both families
// are asked for, as usual.
std::string look_up(const std::string& host, std::string& error) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found); code != 0) {
    error = host + ": " + ::gai_strerror(code);
    return {};
  }
  char text[NI_MAXHOST] = {};
  const int code = ::getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0,
                                 NI_NUMERICHOST);
  ::freeaddrinfo(found);
  if (code != 0) error = host + ": " + ::gai_strerror(code);
  return text;
}

}  // namespace

Fetched fetch(const HostPort& from, const std::string& path, std::chrono::milliseconds patience) {
  Fetched fetched;
  const std::string address = look_up(from.host, fetched.error);
  if (!fetched.ok()) return fetched;

  httplib::Client client{from.host, from.port};
  client.set_hostname_addr_map({{from.host, address}});
  client.set_connection_timeout(patience);
  client.set_read_timeout(patience);
  client.set_write_timeout(patience);
  client.set_tcp_nodelay(true);
  const httplib::Result result = client.Get(path);
  if (!result) {
    fetched.error = from.host + ": " + httplib::to_string(result.error());
    return fetched;
  }
  fetched.status = result->status;
  fetched.body = result->body;
  if (result->status != 200) fetched.error = from.host + ": HTTP " + std::to_string(result->status);
  return fetched;
}

}  // namespace wallet
