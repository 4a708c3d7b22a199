#pragma once

// A request as the API's own clients make it.

#include <string>

#include "api/http_message.h"

namespace blackstart::test {

inline api::HttpRequest api_request(const std::string& method, const std::string& target,
                                    const std::string& body) {
  api::HttpRequest request;
  request.method = method;
  request.target = target;
  request.body = body;
  request.host = "localhost:8474";
  return request;
}

}  // namespace blackstart::test
