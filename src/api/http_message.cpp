#include "api/http_message.h"

#include <algorithm>

#include "blackstart/address.h"

namespace blackstart::api {
namespace {

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 204:
      return "No Content";
    case 301:
      return "Moved Permanently";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Internal Server Error";
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

}  // namespace

std::string to_wire(const HttpAnswer& answer, bool keep_alive, bool whole) {
  std::string out =
      "HTTP/1.1 " + std::to_string(answer.status) + " " + std::string{reason(answer.status)};
  const auto add = [&out](std::string_view name, std::string_view value) {
    out.append("\r\n").append(name).append(": ").append(value);
  };
  if (!answer.content_type.empty()) add("Content-Type", answer.content_type);
  for (const auto& [name, value] : answer.headers) add(name, value);
  if (answer.status != 204) add("Content-Length", std::to_string(answer.body.size()));
  add("Connection", keep_alive ? "keep-alive" : "close");
  out += "\r\n\r\n";
  if (whole) out += answer.body;
  return out;
}

std::string_view refused_for(const HttpRequest& request, std::string_view own_name) {
  if (request.origin && !same_name(*request.origin, "http://" + request.host)) {
    return "the request's Origin is not this API's own";
  }
  if (request.door != Door::loopback || request.host.empty()) return "";  // no browser is so old
  if (parse_endpoint(request.host, 0)) return "";
  const std::string_view name = std::string_view{request.host}.substr(0, request.host.rfind(':'));
  if (same_name(name, "localhost") || same_name(name, own_name)) return "";
  return "the request's Host is not a name of this API";
}

}  // namespace blackstart::api
