#pragma once

// A request and its answer, as far as the API looks at them.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace blackstart::api {

// Where a request came in, which decides whom its Host may name.
enum class Door : std::uint8_t { loopback, network, unix_socket };

struct HttpRequest {
  std::string method, target, body;
  std::string host, user_agent;
  std::optional<std::string> origin;
  Door door = Door::loopback;
  std::uint64_t client = 0;  // the connection that it came by, another number for each
};

struct HttpAnswer {
  int status = 200;
  std::string content_type, body;
  std::vector<std::pair<std::string, std::string>> headers{};
};

// As it is sent (RFC 9112). `whole`: with the body, which an answer to HEAD leaves out.
std::string to_wire(const HttpAnswer& answer, bool keep_alive, bool whole);

// Whether a web page may not have sent it: neither one that names its own origin, nor one whose
// name has been rebound to our address. `own_name`: of the API, beside localhost.
// Returns why it is refused; empty: it is not.
std::string_view refused_for(const HttpRequest& request, std::string_view own_name);

}  // namespace blackstart::api
