#pragma once

// Why an HTTP transfer came to nothing, in words a person understands.

#include <string>
#include <string_view>

#include "blackstart/time.h"

namespace blackstart {

// How far a transfer had come.
enum class HttpStage { resolving, connecting, handshaking, waiting, reading };

struct TransferFailure {
  int code = 0;              // CURLcode
  int os_error = 0;          // errno of a refused connection, or 0
  HttpStage stage{};         // at the failure
  std::string_view details;  // libcurl's error buffer
  std::string_view host;     // that a certificate should have been for
};

// "connection refused", "TLS: certificate has expired", "connection reset while waiting for
// the answer".
std::string failure_words(const TransferFailure& failure);

// "connect timed out after 1s", "connected, but no answer within 1s".
std::string timeout_words(HttpStage stage, Duration timeout);

}  // namespace blackstart
