#include "api/http_client.h"

#include <curl/curl.h>

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace blackstart::api {
namespace {

std::size_t take(char* bytes, std::size_t, std::size_t count, void* body) {
  static_cast<std::string*>(body)->append(bytes, count);
  return count;
}

std::string with_scheme(std::string base) {
  if (base.find("://") == std::string::npos) base = "http://" + base;
  while (base.ends_with('/')) base.pop_back();
  return base;
}

struct HeadersDeleter {
  void operator()(curl_slist* headers) const { ::curl_slist_free_all(headers); }
};

}  // namespace

void HttpClient::Deleter::operator()(CURL* handle) const { ::curl_easy_cleanup(handle); }

HttpClient::HttpClient(std::string base, const std::string& user_agent,
                       std::chrono::milliseconds patience)
    : base_{with_scheme(std::move(base))},
      user_agent_{user_agent},
      patience_{patience},
      handle_{::curl_easy_init()} {
  if (constexpr std::string_view kUnix = "http://unix:"; base_.starts_with(kUnix)) {
    unix_path_ = base_.substr(kUnix.size());
    base_ = "http://localhost";
  }
  if (!handle_) throw std::runtime_error{"libcurl gives no handle"};
}

HttpClient::~HttpClient() = default;

HttpReply HttpClient::send(const std::string& method, const std::string& path,
                           const std::string& body) {
  HttpReply reply;
  CURL* handle = handle_.get();
  const std::unique_ptr<curl_slist, HeadersDeleter> headers{
      ::curl_slist_append(nullptr, "Content-Type: application/json")};
  std::array<char, CURL_ERROR_SIZE> why{};
  ::curl_easy_reset(handle);  // keeps connections
  ::curl_easy_setopt(handle, CURLOPT_URL, (base_ + path).c_str());
  ::curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  if (!unix_path_.empty()) {
    ::curl_easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, unix_path_.c_str());
  }
  ::curl_easy_setopt(handle, CURLOPT_PROXY, "");
  ::curl_easy_setopt(handle, CURLOPT_PATH_AS_IS, 1L);
  ::curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, method.c_str());
  ::curl_easy_setopt(handle, CURLOPT_USERAGENT, user_agent_.c_str());
  ::curl_easy_setopt(handle, CURLOPT_HTTPHEADER, headers.get());
  ::curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(patience_.count()));
  ::curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  ::curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, why.data());
  ::curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &take);
  ::curl_easy_setopt(handle, CURLOPT_WRITEDATA, &reply.body);
  if (method != "GET" && method != "DELETE") {
    ::curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    ::curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.c_str());
  }
  const CURLcode code = ::curl_easy_perform(handle);
  ::curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, nullptr);
  if (code != CURLE_OK) {
    const std::string reason = why[0] != '\0' ? why.data() : ::curl_easy_strerror(code);
    throw std::runtime_error{method + " " + base_ + path + ": " + reason};
  }
  ::curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &reply.status);
  return reply;
}

std::string segment(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  constexpr std::string_view kPlain = "-._~:";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                       kPlain.find(c) != std::string_view::npos;
    if (plain) {
      out += c;
    } else {
      out.append({'%', kDigits[byte >> 4U], kDigits[byte & 15U]});
    }
  }
  return out;
}

}  // namespace blackstart::api
