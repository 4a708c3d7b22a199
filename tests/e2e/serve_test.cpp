// covers cli/serve, cli/serve_log
// The server of proxies as its users start, ask and end it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class Serve : public RealRun {
 protected:
  void SetUp() override {
    RealRun::SetUp();
    shell("ln -s " + blackstart("").substr(0, blackstart("").size() - 1) + " " + path() +
          "/toxiproxy-server");
  }

  // A server that answers on its port.
  std::unique_ptr<Process> serve(const std::string& options, const std::string& environment = "") {
    auto server = start("log", "env " + environment + " ./toxiproxy-server " + options);
    EXPECT_TRUE(comes_true(20s, [] { return answers(8474); })) << text_of(path() + "/log.txt");
    return server;
  }
  static std::string get(const std::string& path) {
    return shell("curl -s localhost:8474" + path).output;
  }
  int end(Process& server) {
    server.terminate();
    return end_of(server);
  }
  std::vector<Json> log() const {
    std::vector<Json> lines;
    std::istringstream in{text_of(path() + "/log.txt")};
    for (std::string line; std::getline(in, line);) lines.push_back(Json::parse(line));
    return lines;
  }
  bool logged(const std::string& message) const {
    return std::ranges::any_of(log(),
                               [&](const Json& line) { return line.at("message") == message; });
  }
};

TEST_F(Serve, PopulatesFromItsConfigAndEndsWhenTold) {
  write("config.json", R"([{"name":"redis:6379","listen":"localhost:26379","upstream":"u:1",)"
                       R"("toxics":[{"type":"latency"}]}])");
  auto server = serve("-config=config.json -seed 7");
  EXPECT_THAT(get("/proxies/redis:6379"), HasSubstr(R"("name":"latency_downstream")"));
  EXPECT_TRUE(answers(26379));
  EXPECT_EQ(end(*server), 0);
  EXPECT_FALSE(answers(26379));
  EXPECT_EQ(log().at(0).at("seed"), 7);
  EXPECT_TRUE(logged("Starting Toxiproxy HTTP server"));
  for (const Json& line : log()) {
    EXPECT_THAT(line.at("time"), EndsWith("Z"));
    EXPECT_THAT(line.at("caller").get<std::string>(),
                testing::MatchesRegex("(api|cli)/[a-z_]+\\.cpp:[0-9]+"));
  }
}

TEST_F(Serve, GoesOnWithoutAConfigThatItCannotRead) {
  write("config.json", "[{]");
  auto server = serve("--config config.json");
  EXPECT_EQ(get("/proxies"), "{}");
  EXPECT_EQ(end(*server), 0);
  EXPECT_TRUE(logged("cannot populate proxies from the config file"));
  server = serve("--config .");
  EXPECT_EQ(end(*server), 0);
  EXPECT_TRUE(logged("cannot populate proxies from the config file"));
  server = serve("--config missing.json");
  EXPECT_EQ(end(*server), 0);
  EXPECT_TRUE(logged("cannot read the config file"));
}

TEST_F(Serve, EndsWithOneWhereItsPortIsTaken) {
  auto server = serve("");
  const Outcome second = run("serve");
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.output,
              HasSubstr("blackstart: listen tcp 127.0.0.1:8474: bind: address already in use"));
  EXPECT_EQ(run("serve -port 8475 -unix /nonexistent/api").code, 1);
}

TEST_F(Serve, TakesToxiproxysCommandLine) {
  EXPECT_EQ(in_folder("./toxiproxy-server -version").output, "toxiproxy-server version 2.12.0\n");
  const Outcome help = in_folder("./toxiproxy-server -h");
  EXPECT_EQ(help.code, 0);
  EXPECT_THAT(help.output, StartsWith("usage: "));
  for (const char* wrong : {"-hots x", "-port", "config.json", "-seed x", "--threads -1"}) {
    const Outcome refused = in_folder(std::string{"./toxiproxy-server "} + wrong + " 2>&1 >&-");
    EXPECT_EQ(refused.code, 2) << wrong;
    EXPECT_THAT(refused.output, StartsWith("blackstart: ")) << wrong;
  }
}

TEST_F(Serve, ShowsMetricsWhereAskedFor) {
  auto server = serve("-proxy-metrics -runtime-metrics --unix api");
  EXPECT_THAT(get("/metrics"), HasSubstr("\nprocess_open_fds "));
  EXPECT_EQ(in_folder("curl -s --unix-socket api http://x/proxies").output, "{}");
  EXPECT_EQ(end(*server), 0);
}

TEST_F(Serve, LogsAsMuchAsItIsTold) {
  auto server = serve("", "LOG_LEVEL=disabled");
  EXPECT_EQ(end(*server), 0);
  EXPECT_EQ(text_of(path() + "/log.txt"), "");
  server = serve("", "LOG_LEVEL=loud");
  get("/version");
  EXPECT_EQ(end(*server), 0);
  EXPECT_TRUE(logged("unknown LOG_LEVEL"));
  EXPECT_TRUE(logged("GET /version: 200"));
  server = serve("", "LOG_LEVEL=info");
  get("/version");
  EXPECT_EQ(end(*server), 0);
  EXPECT_FALSE(logged("GET /version: 200"));
}

TEST_F(Serve, GoesOnWhenItsLogIsNotReadAnyMore) {
  auto server = start("log", "sh -c './toxiproxy-server | true'");
  EXPECT_TRUE(comes_true(20s, [] { return answers(8474); }));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(get("/version"), "{\"version\": \"2.12.0\"}\n");
}

TEST_F(Serve, DoesWhatItsHelpShows) {
  const std::string page = run("serve --help").output;
  const auto from = page.find("curl ");
  ASSERT_NE(from, std::string::npos);
  auto server = start("log", blackstart("serve --port 8475"));
  EXPECT_TRUE(comes_true(20s, [] { return answers(8475); }));
  EXPECT_THAT(shell(page.substr(from)).output, HasSubstr("127.0.0.1:26379"));
  EXPECT_EQ(end(*server), 0);
}

}  // namespace
}  // namespace blackstart::test
