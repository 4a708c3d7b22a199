#include "serve/listen_address.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <optional>
#include <system_error>

#include "serve/host_lookup.h"
#include "serve/proxy_session.h"

namespace blackstart {
namespace {

constexpr std::chrono::milliseconds kNamePatience{500};

HostPort split(std::string_view text) {
  if (text.empty()) return {"", "0"};
  if (auto both = split_host_port(text)) return *both;
  const bool colon = text.rfind(':') != std::string_view::npos && !text.ends_with(']');
  throw BadListenAddress{"address " + std::string{text} + ": " +
                         (colon ? "too many colons in address" : "missing port in address")};
}

std::uint16_t port_of(const std::string& text) {
  if (text.empty()) return 0;
  long number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end == text.data() + text.size()) {
    if (error == std::errc{} && number >= 0 && number <= 65'535) {
      return static_cast<std::uint16_t>(number);
    }
    throw BadListenAddress{"address " + text + ": invalid port"};
  }
  if (const servent* const service = ::getservbyname(text.c_str(), "tcp")) {
    return ntohs(static_cast<std::uint16_t>(service->s_port));
  }
  throw BadListenAddress{"lookup tcp/" + text + ": unknown port"};
}

// Of a name an IPv4 one if it has any.
Address address_of(const std::string& host) {
  if (const auto address = parse_address(host)) return *address;
  if (host == "localhost") return parse_address("127.0.0.1").value();  // RFC 6761, 6.3
  const auto found = HostLookup{}.look_up_within({host, "0"}, kNamePatience);
  if (!found) throw BadListenAddress{"lookup " + host + ": i/o timeout"};
  if (found->empty()) throw BadListenAddress{"lookup " + host + ": no such host"};
  const auto v4 =
      std::ranges::find(*found, AF_INET, [](const auto& one) { return one.any.sa_family; });
  return to_endpoint(v4 == found->end() ? found->front() : *v4).address;
}

UniqueFd try_to_bind(const SocketAddress& at) {
  UniqueFd fd{::socket(at.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (!fd) return {};
  const int on = 1, off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (at.any.sa_family == AF_INET6) {
    ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  set_proxy_options(fd.get());
  if (::bind(fd.get(), &at.any, at.length) != 0) return {};
  return fd;
}

// A socket that is shut down keeps its port only where that port was asked for, so one that the
// kernel has chosen is asked for by a second socket, before the first gives it back.
UniqueFd try_to_listen(const SocketAddress& at) {
  UniqueFd fd = try_to_bind(at);
  if (fd && to_endpoint(at).port == 0) {
    fd = try_to_bind(to_socket_address(local_endpoint(fd.get())));
  }
  if (!fd) return {};
  if (::listen(fd.get(), kProxyBacklog) != 0) return {};
  return fd;
}

// As Go's syscall package says it.
std::string reason(int error) {
  std::string text = std::generic_category().message(error);
  if (!text.empty() && text[0] >= 'A' && text[0] <= 'Z') {
    text[0] = static_cast<char>(text[0] - 'A' + 'a');
  }
  return text;
}

}  // namespace

ListenAddress resolve_listen(std::string_view text) {
  const HostPort parts = split(text);
  const std::uint16_t port = port_of(parts.port);
  const Address address = parts.host.empty() ? Address{true, {}} : address_of(parts.host);
  const bool any = is_wildcard(address);
  const Endpoint bound{any ? Address{true, {}} : address, port};
  return {to_socket_address(bound), to_text(bound),
          parts.host.empty() ? ":" + std::to_string(port) : to_text(Endpoint{address, port})};
}

UniqueFd open_proxy_listener(const ListenAddress& at) {
  if (UniqueFd fd = try_to_listen(at.address)) return fd;
  const Endpoint asked = to_endpoint(at.address);
  if (errno == EAFNOSUPPORT && is_wildcard(asked.address)) {
    if (UniqueFd fd = try_to_listen(to_socket_address({Address{}, asked.port}))) return fd;
  }
  throw BadListenAddress{"listen tcp " + at.asked + ": bind: " + reason(errno)};
}

std::string bound_text(int listener) { return to_text(local_endpoint(listener)); }

}  // namespace blackstart
