#pragma once

// The rules of the tree that run as tests.

#include <string_view>
#include <vector>

namespace blackstart::tidy {

struct Layer {
  std::string_view folder;
  std::vector<std::string_view> may_include;  // besides itself and blackstart/
  std::vector<std::string_view> third_party;  // prefixes allowed in <...>
};

// The same diagram as src/CMakeLists.txt, since all folders share one include root.
inline const std::vector<Layer> kLayers{
    {"core", {}, {}},
    {"dns", {}, {}},
    {"toxic", {}, {}},
    {"sys", {}, {"spdlog/"}},
    {"scenario", {"core"}, {"nlohmann/", "yaml-cpp/"}},
    {"report", {"core", "sys"}, {"nlohmann/"}},
    {"netlink", {"core", "sys"}, {}},
    {"serve", {"core", "sys", "dns", "toxic"}, {"boost/"}},
    {"probe", {"core", "sys", "dns"}, {"boost/", "curl/", "nlohmann/", "re2/"}},
    {"api", {"core", "sys", "toxic", "serve"}, {"boost/", "curl/", "nlohmann/"}},
    {"fault", {"core", "sys", "dns", "toxic", "netlink", "serve", "api"}, {"boost/"}},
    {"run", {"core", "sys", "report", "netlink", "serve", "probe", "fault"}, {"boost/"}},
    {"cli",
     {"core", "sys", "toxic", "scenario", "report", "netlink", "probe", "serve", "fault", "run",
      "api"},
     {"CLI/", "nlohmann/"}},
};

// What needs a package; every other <...> is the standard library or the system's.
inline const std::vector<std::string_view> kThirdParty{
    "boost/", "CLI/", "curl/", "httplib.h", "nlohmann/", "re2/", "spdlog/", "yaml-cpp/",
};

struct Ban {
  std::string_view text, use_instead, allowed_in;
};

inline const std::vector<Ban> kBans{
    {"sleep_for(", "a timer on the loop", ""},
    {"steady_clock::now(", "Clock::now", ""},
    {"CLOCK_REALTIME", "sys/clock.h", "sys/clock.cpp"},
    {"random_device", "rng_for, or getrandom for what must not be guessed", ""},
    {".detach()", "something that waits", "serve/host_lookup.cpp"},
    {" system(", "sys/process.h", ""},
    {" strerror(", "std::system_error", ""},
    {":strerror(", "std::system_error", ""},
    {"using namespace std;", "names", ""},
};

inline constexpr int kFileLinesMax = 400;
inline constexpr int kColumnsMax = 100;

}  // namespace blackstart::tidy
