#pragma once

// What a stub resolver reads before it asks: resolv.conf(5) and hosts(5).

#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/time.h"

namespace blackstart {

struct StubServer {
  Endpoint endpoint;
  std::string interface;  // the scope of a link-local address

  bool operator==(const StubServer&) const = default;
};

// Defaults and bounds are glibc's.
struct StubConfig {
  std::vector<StubServer> servers;  // at most three; 127.0.0.1 where the file names none
  std::vector<std::string> search;
  std::size_t ndots = 1;
  Duration timeout = std::chrono::seconds{5};  // of one try of one server
  int attempts = 2;                            // rounds through the servers
};

// Unknown lines and options are skipped, as resolvers do.
StubConfig parse_stub_config(std::string_view resolv_conf);

// Lower-case names to the addresses of hosts(5), in the file's order.
using HostTable = std::unordered_map<std::string, std::vector<Address>>;
HostTable parse_host_table(std::string_view hosts);

// The names to ask for, in order, for a name as it was written: by `search` and `ndots`, and a
// trailing dot means that name alone.
std::vector<std::string> names_to_ask(const StubConfig& config, std::string_view name);

// Both files, read again when they have changed. One that can't be read counts as empty.
class StubFiles {
 public:
  StubFiles(std::string resolv_conf, std::string hosts);

  const StubConfig& config();
  const HostTable& hosts();

 private:
  class Watched {
   public:
    explicit Watched(std::string path) : path_{std::move(path)} {}

    // The text, where it is not the one that was returned before.
    std::optional<std::string> changed();

   private:
    std::string path_;
    std::optional<struct stat> seen_;
    bool read_ = false;
  };

  Watched resolv_conf_, hosts_file_;
  StubConfig config_;
  HostTable hosts_;
};

}  // namespace blackstart
