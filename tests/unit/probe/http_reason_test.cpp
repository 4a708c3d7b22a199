#include "probe/http_reason.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <cerrno>

namespace blackstart {
namespace {

using namespace std::chrono_literals;

std::string words(CURLcode code, std::string_view details = {}, int os_error = 0,
                  HttpStage stage = HttpStage::waiting) {
  return failure_words({.code = code,
                        .os_error = os_error,
                        .stage = stage,
                        .details = details,
                        .host = "web.local"});
}

TEST(FailureWords, SayWhyNothingConnects) {
  EXPECT_EQ(words(CURLE_COULDNT_CONNECT, "Failed to connect", ECONNREFUSED), "connection refused");
  EXPECT_EQ(words(CURLE_COULDNT_CONNECT, "", EHOSTUNREACH), "no route to host");
  EXPECT_EQ(words(CURLE_COULDNT_CONNECT, "Failed to connect"), "Failed to connect");
}

TEST(FailureWords, SayWhatIsWrongWithACertificate) {
  const auto verify = [](std::string_view details) {
    return words(CURLE_PEER_FAILED_VERIFICATION, details);
  };
  EXPECT_EQ(verify("SSL certificate problem: certificate has expired"),
            "TLS: certificate has expired");
  EXPECT_EQ(verify("SSL certificate problem: certificate is not yet valid"),
            "TLS: certificate is not valid yet");
  EXPECT_EQ(verify("SSL: no alternative certificate subject name matches target host name"),
            "TLS: certificate is not for web.local");
  EXPECT_EQ(verify("SSL certificate problem: self-signed certificate"),
            "TLS: certificate is self-signed and not trusted");
  EXPECT_EQ(verify("SSL certificate problem: self-signed certificate in certificate chain"),
            "TLS: certificate comes from an authority that is not trusted");
  EXPECT_EQ(verify("SSL certificate problem: unable to get local issuer certificate"),
            "TLS: certificate is not trusted");
}

TEST(FailureWords, SayWhenAConnectionBroke) {
  const std::string_view reset = "Recv failure: Connection reset by peer";
  EXPECT_EQ(words(CURLE_RECV_ERROR, reset), "connection reset while waiting for the answer");
  EXPECT_EQ(words(CURLE_RECV_ERROR, reset, 0, HttpStage::reading),
            "connection reset while reading the answer");
  EXPECT_EQ(words(CURLE_GOT_NOTHING), "connection closed without an answer");
  EXPECT_EQ(words(CURLE_PARTIAL_FILE), "connection closed in the middle of the answer");
}

TEST(FailureWords, FallBackToLibcurlsOwn) {
  EXPECT_EQ(words(CURLE_TOO_MANY_REDIRECTS), "Number of redirects hit maximum amount");
  EXPECT_EQ(words(CURLE_HTTP2, "stream 1 was not closed cleanly"),
            "stream 1 was not closed cleanly");
}

TEST(TimeoutWords, SayHowFarItCame) {
  EXPECT_EQ(timeout_words(HttpStage::connecting, 1s), "connect timed out after 1s");
  EXPECT_EQ(timeout_words(HttpStage::handshaking, 1s), "TLS handshake timed out after 1s");
  EXPECT_EQ(timeout_words(HttpStage::waiting, 1500ms), "connected, but no answer within 1.5s");
}

}  // namespace
}  // namespace blackstart
