#include "api/http_message.h"

#include <gtest/gtest.h>

namespace blackstart::api {
namespace {

TEST(ToWire, WritesHeadAndBody) {
  const HttpAnswer answer{200, "text/plain", "hello", {{"X-A", "b"}}};
  const std::string head =
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-A: b\r\nContent-Length: 5\r\n";
  EXPECT_EQ(to_wire(answer, true, true), head + "Connection: keep-alive\r\n\r\nhello");
  EXPECT_EQ(to_wire(answer, false, false), head + "Connection: close\r\n\r\n");
}

TEST(ToWire, LeavesOutWhatAnAnswerHasNot) {
  EXPECT_EQ(to_wire({204, "", "", {}}, true, true),
            "HTTP/1.1 204 No Content\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(to_wire({405, "", "", {}}, true, true),
            "HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\n"
            "Connection: keep-alive\r\n\r\n");
}

struct Sent {
  Door door;
  const char* host;
  const char* origin;  // nullptr: none
  bool taken;
};

TEST(RefusedFor, TellsWebPagesFromClients) {
  constexpr Sent kCases[] = {
      {Door::loopback, "localhost:8474", nullptr, true},
      {Door::loopback, "LOCALHOST", nullptr, true},
      {Door::loopback, "127.0.0.1:8474", nullptr, true},
      {Door::loopback, "[::1]:8474", nullptr, true},
      {Door::loopback, "own.example:8474", nullptr, true},
      {Door::loopback, "evil.example:8474", nullptr, false},
      {Door::loopback, "localhost.evil.example", nullptr, false},
      {Door::loopback, "", nullptr, true},
      {Door::network, "toxiproxy:8474", nullptr, true},
      {Door::unix_socket, "anything", nullptr, true},
      {Door::loopback, "localhost:8474", "http://localhost:8474", true},
      {Door::loopback, "localhost:8474", "http://localhost:3000", false},
      {Door::loopback, "localhost:8474", "https://localhost:8474", false},
      {Door::loopback, "localhost:8474", "null", false},
      {Door::network, "toxiproxy:8474", "http://evil.example", false},
  };
  for (const Sent& sent : kCases) {
    HttpRequest request;
    request.door = sent.door;
    request.host = sent.host;
    if (sent.origin != nullptr) request.origin = sent.origin;
    EXPECT_EQ(refused_for(request, "Own.example").empty(), sent.taken)
        << sent.host << " " << (sent.origin == nullptr ? "" : sent.origin);
  }
}

}  // namespace
}  // namespace blackstart::api
