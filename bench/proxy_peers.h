#pragma once

// What stands between the two ends: nothing, HAProxy in TCP mode, or `blackstart serve`.

#include <poll.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "proxy_load.h"
#include "support/command.h"
#include "support/temp_files.h"
#include "sys/process.h"

namespace blackstart::bench {

inline unsigned processors() { return std::max(1U, std::thread::hardware_concurrency()); }

// A program that carries what comes to its ports to those of a service.
class Peer {
 public:
  virtual ~Peer() = default;
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  const Ports& ports() const { return ports_; }

  // Resident, in kB.
  double resident() const {
    std::ifstream file{"/proc/" + std::to_string(process_->pid()) + "/smaps_rollup"};
    for (std::string word; file >> word;) {
      if (word == "Rss:") {
        double size = 0;
        file >> size;
        return size;
      }
    }
    throw std::runtime_error{"cannot read how much memory a proxy has"};
  }

 protected:
  Peer() {
    for (std::uint16_t& port : ports_) port = next_port();
  }

  // Below those that the kernel gives to clients, and each but once.
  static std::uint16_t next_port() {
    static std::uint16_t next = 15'900;
    return next++;
  }

  // Returns once it accepts.
  void start(std::vector<std::string> command) {
    ProcessOptions options;
    options.argv = std::move(command);
    options.env = {"LOG_LEVEL=error"};
    options.supervised = false;
    process_ = std::make_unique<Process>(options);
    for (int tries = 0; tries < 500; ++tries) {
      if (process_->poll()) break;
      if (try_connect(ports_.back())) return;
      ::poll(nullptr, 0, 10);
    }
    process_->take_output();
    throw std::runtime_error{options.argv[0] + " does not serve: " + process_->last_output()};
  }

  const test::TempDir folder_;

 private:
  Ports ports_{};
  std::unique_ptr<Process> process_;
};

class HaProxy final : public Peer {
 public:
  HaProxy(const Ports& service, unsigned threads, unsigned connections) {
    std::ostringstream text;
    text << "global\n  nbthread " << threads << "\n  maxconn " << connections
         << "\ndefaults\n  mode tcp\n  timeout connect 5s\n  timeout client 1h\n"
            "  timeout server 1h\n";
    for (std::size_t i = 0; i < service.size(); ++i) {
      text << "listen part" << i << "\n  bind 127.0.0.1:" << ports()[i]
           << "\n  server it 127.0.0.1:" << service[i] << '\n';
    }
    start({"haproxy", "-db", "-q", "-f", folder_.write("haproxy.cfg", text.str())});
  }

  static std::string version() {
    const std::string said = test::shell("haproxy -v").output;
    return said.substr(0, said.find(" 20"));
  }
};

class Blackstart final : public Peer {
 public:
  // `latency_up`, `latency_down`: milliseconds that a toxic adds; 0: there is none.
  Blackstart(const Ports& service, unsigned threads, int latency_up = 0, int latency_down = 0) {
    std::ostringstream text;
    for (std::size_t i = 0; i < service.size(); ++i) {
      text << (i == 0 ? "[" : ",") << R"({"name":"part)" << i << R"(","listen":"127.0.0.1:)"
           << ports()[i] << R"(","upstream":"127.0.0.1:)" << service[i] << R"(","toxics":[)"
           << toxic("upstream", latency_up) << (latency_up > 0 && latency_down > 0 ? "," : "")
           << toxic("downstream", latency_down) << "]}";
    }
    text << ']';
    start({BLACKSTART_BIN_DIR "/blackstart", "serve", "-config",
           folder_.write("toxiproxy.json", text.str()), "-port", std::to_string(next_port()),
           "--threads", std::to_string(threads)});
  }

 private:
  static std::string toxic(const std::string& stream, int latency) {
    if (latency == 0) return {};
    return R"({"type":"latency","stream":")" + stream + R"(","attributes":{"latency":)" +
           std::to_string(latency) + "}}";
  }
};

}  // namespace blackstart::bench
