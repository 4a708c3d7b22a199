#pragma once

// One HTTP request after another to a server that is somebody's to control.

#include <chrono>
#include <memory>
#include <string>

using CURL = void;  // as curl/curl.h has it

namespace blackstart::api {

struct HttpReply {
  long status = 0;
  std::string body;
};

class HttpClient {
 public:
  // `base` is a URL, or host:port, which means http, or unix: and the path of a socket. A proxy of
  // the environment is not used.
  // Throws std::runtime_error where libcurl cannot be set up.
  HttpClient(std::string base, const std::string& user_agent,
             std::chrono::milliseconds patience = std::chrono::seconds{30});
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // `path` begins with a slash and is sent as it is, `body` as JSON. Waits for the whole answer,
  // `patience` at most; redirects are not followed. Throws std::runtime_error where none came.
  HttpReply send(const std::string& method, const std::string& path, const std::string& body = "");

 private:
  struct Deleter {
    void operator()(CURL* handle) const;
  };
  std::string base_;
  std::string unix_path_;  // empty: TCP
  std::string user_agent_;
  std::chrono::milliseconds patience_;
  std::unique_ptr<CURL, Deleter> handle_;
};

// As one segment of a path.
std::string segment(const std::string& text);

}  // namespace blackstart::api
