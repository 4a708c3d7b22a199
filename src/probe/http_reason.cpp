#include "probe/http_reason.h"

#include <curl/curl.h>

#include "blackstart/params.h"
#include "probe/judge.h"
#include "probe/peer.h"

namespace blackstart {
namespace {

constexpr std::size_t kDetailsBytesMax = 160;

bool says(std::string_view details, std::string_view part) {
  return details.find(part) != std::string_view::npos;
}

std::string_view doing(HttpStage stage) {
  switch (stage) {
    case HttpStage::resolving:
      return "while resolving";
    case HttpStage::connecting:
      return "while connecting";
    case HttpStage::handshaking:
      return "during the TLS handshake";
    case HttpStage::waiting:
      return "while waiting for the answer";
    case HttpStage::reading:
      return "while reading the answer";
  }
  return "";
}

std::string raw_words(const TransferFailure& failure) {
  if (!failure.details.empty()) return bounded(failure.details, kDetailsBytesMax);
  return ::curl_easy_strerror(static_cast<CURLcode>(failure.code));
}

std::string certificate_words(const TransferFailure& failure) {
  if (says(failure.details, "has expired")) return "TLS: certificate has expired";
  if (says(failure.details, "not yet valid")) return "TLS: certificate is not valid yet";
  if (says(failure.details, "does not match") || says(failure.details, "no alternative")) {
    return "TLS: certificate is not for " + std::string{failure.host};
  }
  if (says(failure.details, "self-signed certificate in")) {
    return "TLS: certificate comes from an authority that is not trusted";
  }
  if (says(failure.details, "self-signed")) {
    return "TLS: certificate is self-signed and not trusted";
  }
  return "TLS: certificate is not trusted";
}

// A broken connection, by what was going on.
std::string broken_words(const TransferFailure& failure) {
  const std::string during{doing(failure.stage)};
  if (says(failure.details, "reset by peer")) return "connection reset " + during;
  if (says(failure.details, "Broken pipe")) return "connection closed " + during;
  if (failure.stage == HttpStage::handshaking) return "connection closed " + during;
  return "connection broken " + during + ": " + raw_words(failure);
}

}  // namespace

std::string failure_words(const TransferFailure& failure) {
  switch (failure.code) {
    case CURLE_COULDNT_CONNECT:
      return failure.os_error != 0 ? error_words(failure.os_error) : raw_words(failure);
    case CURLE_PEER_FAILED_VERIFICATION:
      return certificate_words(failure);
    case CURLE_SSL_CONNECT_ERROR:
      if (says(failure.details, "reset by peer")) return broken_words(failure);
      return "TLS: handshake failed: " + raw_words(failure);
    case CURLE_SSL_CACERT_BADFILE:
      return "TLS: the file of trusted certificates can't be read";
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
      return broken_words(failure);
    case CURLE_GOT_NOTHING:
      return "connection closed without an answer";
    case CURLE_PARTIAL_FILE:
      return "connection closed in the middle of the answer";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
      return "the answer is not HTTP";
    default:
      return raw_words(failure);
  }
}

std::string timeout_words(HttpStage stage, Duration timeout) {
  const std::string span = duration_text(timeout);
  switch (stage) {
    case HttpStage::resolving:
      return "resolver timed out after " + span;
    case HttpStage::connecting:
      return "connect timed out after " + span;
    case HttpStage::handshaking:
      return "TLS handshake timed out after " + span;
    case HttpStage::waiting:
      return "connected, but no answer within " + span;
    case HttpStage::reading:
      return "the answer began, but had not ended after " + span;
  }
  return span;
}

}  // namespace blackstart
