#pragma once

// What an http probe asks, as its scenario says it.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "blackstart/params.h"
#include "blackstart/shape.h"

namespace blackstart {

struct HttpRequest {
  std::string url;    // http or https, with a host
  std::string words;  // "GET http://wallet.local/balance", without user name and password
  std::string host;   // as written, without the brackets of an IPv6 address
  std::uint16_t port = 0;
  bool tls = false;
  std::string method = "GET";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  bool fresh = true;
  bool insecure = false;
  std::string cacert;  // a file; empty: the system's
};

// Reads the value of `http:`, a URL or a mapping. Mistakes are reported to `probe`.
HttpRequest parse_http_request(const ParamReader& probe);

extern const Shape kHttpRequestShape;

}  // namespace blackstart
