// covers api/server, api/listeners, api/calls
// The API as clients meet it: over sockets, with proxies that listen.

#include "api/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/un.h>

#include <filesystem>
#include <list>
#include <optional>
#include <thread>

#include "api/limits.h"
#include "api/listeners.h"
#include "serve/listen_address.h"
#include "serve/socket.h"
#include "support/kernel_test.h"
#include "support/tcp_server.h"
#include "support/temp_files.h"
#include "sys/clock.h"

namespace blackstart::api {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr std::string_view kVersion = "{\"version\": \"2.12.0\"}\n";

int count_of(const std::string& text, std::string_view part) {
  int count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// One that gives up after a while, so that a failure is no hang.
class Client {
 public:
  explicit Client(const SocketAddress& to) : Client{to.any.sa_family, &to.any, to.length} {}
  explicit Client(const std::string& unix_path) : Client{AF_UNIX, nullptr, 0} {
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    unix_path.copy(at.sun_path, sizeof at.sun_path - 1);
    check("connect", ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
  }

  Client& send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return *this;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
    return *this;
  }

  // Until `end` has come, or the end of the stream.
  std::string read(std::string_view end = "\1") {
    std::string text;
    std::array<char, 4096> buffer;
    while (text.find(end) == text.npos) {
      const ssize_t got = ::recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (got < 0) return text + "<" + std::to_string(errno) + ">";
      if (got == 0) break;
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

  std::string read_last() {
    ::shutdown(fd_.get(), SHUT_WR);
    return read();
  }

 private:
  Client(int family, const sockaddr* to, socklen_t length)
      : fd_{check("socket", ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0))} {
    const timeval patience{20, 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (to != nullptr) check("connect", ::connect(fd_.get(), to, length));
  }

  UniqueFd fd_;
};

class ApiServer : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    loopback_up();
    stop_.emplace();
    proxies_.emplace(ProxiesOptions{.threads = 1, .seed = 1});
    api_.emplace(*proxies_, clock_, ApiOptions{});
    server_.emplace(*api_, clock_);
    UniqueFd listener = listen_on("localhost", "0");
    address_ = to_socket_address(local_endpoint(listener.get()));
    server_->serve_on(std::move(listener));
    unix_.emplace(folder_.path() + "/api");
    server_->serve_on(unix_->take());
    thread_ = std::thread{[this] { server_->run(*stop_); }};
  }

  void TearDown() override {
    if (thread_.joinable()) stop();
    server_.reset();
    api_.reset();
    proxies_.reset();
    KernelTest::TearDown();
  }

  void tell_to_stop() { ::kill(::getpid(), SIGTERM); }
  void stop() {
    tell_to_stop();
    thread_.join();
  }

  std::string talk(std::string_view text) { return Client{address_}.send(text).read_last(); }
  std::string get(const std::string& path) {
    return talk("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
  }
  std::string post(const std::string& path, const std::string& body) {
    return talk("POST " + path + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
  }

  // Makes the proxy `p`, and has the client hold a toxic on it.
  void hold_noop(Client& client) {
    post("/proxies", R"({"name":"p","listen":"127.0.0.1:0","upstream":"u:1"})");
    const std::string body = R"({"ttl_ms":60000,"toxics":[{"proxy":"p","type":"noop"}]})";
    client.send("PUT /blackstart/held HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
                std::to_string(body.size()) + "\r\n\r\n" + body);
    EXPECT_THAT(client.read("\"proxies\""), HasSubstr("noop_downstream"));
  }

  // Where the proxy that an answer shows listens.
  static SocketAddress listen_of(const std::string& answer) {
    const std::string key = "\"listen\":\"";
    const auto from = answer.find(key) + key.size();
    return to_socket_address(
        *parse_endpoint(answer.substr(from, answer.find('"', from) - from), 0));
  }

  SocketAddress address_;
  test::TempDir folder_;
  const MonotonicClock clock_;
  std::optional<StopSignals> stop_;
  std::optional<Proxies> proxies_;
  std::optional<Api> api_;
  std::optional<UnixListener> unix_;
  std::optional<Server> server_;
  std::thread thread_;
};

TEST_F(ApiServer, AnswersPipelinedRequestsInOrder) {
  const std::string out = talk(
      "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /proxies/x HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "POST /reset HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "HEAD /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n"
      "GET /version HTTP/1.0\r\n\r\n");
  EXPECT_THAT(out, StartsWith("HTTP/1.1 200 OK\r\n"));
  const auto second = out.find("HTTP/1.1 404"), third = out.find("HTTP/1.1 204");
  EXPECT_LT(second, third);
  EXPECT_THAT(out.substr(third), HasSubstr("Content-Length: 19\r\nConnection: keep-alive\r\n\r\n"
                                           "HTTP/1.1 200 OK"));
  EXPECT_THAT(out, EndsWith("Connection: close\r\n\r\n" + std::string{kVersion}));
  EXPECT_EQ(count_of(out, "Connection: keep-alive"), 4);
}

TEST_F(ApiServer, TakesBodiesOfEveryForm) {
  const std::string head = "POST /proxies HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_THAT(talk(head + "Transfer-Encoding: chunked\r\n\r\n"
                          "f\r\n{\"name\":\"a\",\"up\r\n"
                          "1c;x=y\r\nstream\":\"u\",\"enabled\":false}\r\n0\r\nX: y\r\n\r\n"),
              HasSubstr("HTTP/1.1 201 Created"));
  EXPECT_THAT(talk(head + "\r\n"), HasSubstr("bad request body: EOF"));
  Client careful{address_};
  careful.send(head + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(careful.read("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_THAT(careful.send("{}").read_last(), HasSubstr("missing required field: name"));
}

TEST_F(ApiServer, RefusesWhatIsNoRequestAndEnds) {
  const std::string line = "GET /version HTTP/1.1\r\n", host = "Host: localhost\r\n";
  for (const std::string& wrong :
       {line + "\r\n", line + host + host + "\r\n", std::string{"what is this\r\n\r\n"},
        line + host + "Content-Length: x\r\n\r\n", "GET /version HTTP/3.7\r\n" + host + "\r\n",
        line + host + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"}) {
    const std::string out = talk(wrong + line + host + "\r\n");
    EXPECT_THAT(out, StartsWith("HTTP/1.1 400 Bad Request\r\n")) << wrong;
    EXPECT_EQ(count_of(out, "HTTP/1.1"), 1) << wrong;
  }
  EXPECT_EQ(talk("GET /version HT"), "");
  EXPECT_THAT(get("/version"), EndsWith(kVersion));
}

TEST_F(ApiServer, BoundsHeadersAndBodies) {
  const std::string head = "POST /proxies HTTP/1.1\r\nHost: localhost\r\n";
  EXPECT_THAT(talk(head + "X: " + std::string(70'000, 'x') + "\r\n\r\n"),
              StartsWith("HTTP/1.1 431 "));
  EXPECT_THAT(talk(head + "Content-Length: 16777217\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  const std::string chunk = "100000\r\n" + std::string(0x100000, ' ') + "\r\n";
  std::string chunks = head + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 17; ++i) chunks += chunk;
  EXPECT_THAT(talk(chunks + "0\r\n\r\n"), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(post("/proxies", std::string(1 << 20, ' ')), HasSubstr("bad request body: EOF"));
}

TEST_F(ApiServer, LetsRequestsUnderWayEndAndClosesIdleClients) {
  Client idle{address_}, never{address_}, busy{address_};
  idle.send("GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_THAT(idle.read(kVersion), EndsWith(kVersion));
  busy.send(
      "POST /proxies HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
      "Content-Length: 2\r\n\r\n");
  busy.read("\r\n\r\n");
  tell_to_stop();
  EXPECT_EQ(idle.read(), "");
  EXPECT_EQ(never.read(), "");
  EXPECT_THAT(busy.send("{}").read(), HasSubstr("Connection: close"));
  thread_.join();
  EXPECT_THROW(Client{address_}, std::system_error);
}

TEST_F(ApiServer, TheOldestIdleClientMakesRoomAndNobodyWhoIsAsking) {
  const std::string half = "GET /version HTTP/1.1\r\n", rest = "Host: localhost\r\n\r\n";
  const auto begin_to_ask = [&](Client& client) {
    EXPECT_THAT(client.send(half + rest + half).read(kVersion), EndsWith(kVersion));
  };
  Client asking{address_};
  begin_to_ask(asking);
  Client holding{address_};
  hold_noop(holding);
  std::list<Client> idle;
  while (idle.size() + 2 < limits::api_clients_max) idle.emplace_back(address_);
  EXPECT_THAT(get("/version"), EndsWith(kVersion));
  EXPECT_EQ(idle.front().read(), "");
  idle.pop_front();
  idle.emplace_back(address_);
  for (Client& one : idle) begin_to_ask(one);
  EXPECT_THAT(get("/version"), StartsWith("HTTP/1.1 503 "));
  EXPECT_THAT(asking.send(rest).read(kVersion), EndsWith(kVersion));
  EXPECT_THAT(holding.send("GET /proxies/p HTTP/1.1\r\n" + rest).read("]}"), HasSubstr("noop"));
}

TEST_F(ApiServer, ListensOnAUnixSocketForItsOwnerAlone) {
  Client client{folder_.path() + "/api"};
  client.send("GET /version HTTP/1.1\r\nHost: anything\r\n\r\n");
  EXPECT_THAT(client.read_last(), EndsWith(kVersion));
  using std::filesystem::perms;
  EXPECT_EQ(std::filesystem::status(folder_.path() + "/api").permissions() &
                (perms::group_all | perms::others_all),
            perms::none);
}

TEST_F(ApiServer, AUnixSocketReplacesOneThatIsLeftBehindAndNothingElse) {
  const std::string path = folder_.path() + "/other";
  EXPECT_THROW(UnixListener{folder_.path() + "/api"}, std::system_error);
  EXPECT_THROW(UnixListener{folder_.write("file", "")}, std::system_error);
  EXPECT_THROW(UnixListener{std::string(200, 'x')}, std::system_error);
  UniqueFd left{check("socket", ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  check("bind", ::bind(left.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
  left.reset();
  { const UnixListener replaced{path}; }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(ApiServer, SaysInGosWordsThatAPortIsTaken) {
  const std::string port = std::to_string(to_endpoint(address_).port);
  try {
    listen_on("localhost", port);
    ADD_FAILURE() << "taken twice";
  } catch (const BadListenAddress& error) {
    EXPECT_EQ(error.what(), "listen tcp 127.0.0.1:" + port + ": bind: address already in use");
  }
  EXPECT_EQ(to_endpoint(address_).address, *parse_address("127.0.0.1"));
  EXPECT_EQ(local_endpoint(listen_on("::1", "0").get()).address, *parse_address("::1"));
}

TEST_F(ApiServer, ALeaseClosesItsConnections) {
  test::TcpServer upstream{[](test::Connection& connection) { connection.wait_until_closed(); }};
  const std::string made =
      post("/proxies", R"({"name":"p","ttl_ms":300,"listen":"localhost:0","upstream":"127.0.0.1:)" +
                           std::to_string(upstream.port()) + "\"}");
  Client through{listen_of(made)};
  EXPECT_EQ(through.read(), "");
  EXPECT_THAT(get("/proxies/p"), StartsWith("HTTP/1.1 404"));
}

TEST_F(ApiServer, WhatAClientHoldsEndsWithItsConnection) {
  std::optional<Client> holder{address_};
  hold_noop(*holder);
  EXPECT_THAT(get("/proxies/p"), HasSubstr("noop_downstream"));
  holder.reset();
  for (int tries = 0; tries < 1'000 && get("/proxies/p").find("noop") != std::string::npos;) {
    ++tries;
  }
  EXPECT_THAT(get("/proxies/p"), HasSubstr("\"toxics\":[]"));
}

TEST_F(ApiServer, ResetStartsProxiesAndEndsTheLeasesOfToxics) {
  const std::string made =
      post("/proxies", R"({"name":"p","listen":"localhost:0","upstream":"u:1"})");
  const SocketAddress listen = listen_of(made);
  post("/proxies/p", R"({"enabled":false})");
  EXPECT_THROW(Client{listen}, std::system_error);
  post("/proxies/p/toxics", R"({"type":"noop","ttl_ms":3600000})");
  EXPECT_THAT(get("/blackstart/leases"), HasSubstr("noop_downstream"));
  EXPECT_THAT(post("/reset", ""), StartsWith("HTTP/1.1 204"));
  EXPECT_NO_THROW(Client{listen});
  EXPECT_THAT(get("/blackstart/leases"), EndsWith("\r\n\r\n[]"));
  EXPECT_THAT(get("/proxies/p/toxics"), EndsWith("\r\n\r\n[]"));
}

}  // namespace
}  // namespace blackstart::api
