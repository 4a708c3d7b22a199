#pragma once

// A request that cannot be carried out, as its answer says it.

#include <stdexcept>
#include <string>

namespace blackstart::api {

class ApiError : public std::runtime_error {
 public:
  ApiError(int status, const std::string& text) : std::runtime_error{text}, status_{status} {}
  int status() const { return status_; }  // of HTTP

 private:
  int status_;
};

}  // namespace blackstart::api
