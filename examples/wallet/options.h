#pragma once

// `--key value` pairs of a command line.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wallet {

// "rpc-east.example:8545".
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

// Throws std::runtime_error unless `text` is HOST:PORT.
HostPort parse_host_port(std::string_view text);

// "us-east-1,us-west-2" as two texts; of an empty one, none.
std::vector<std::string> split(std::string_view text, char separator);

class Options {
 public:
  // Throws std::runtime_error when a key has no value, or is none.
  explicit Options(std::span<char* const> arguments);

  // The last value of `key`; `otherwise` where it was not given.
  std::string get(std::string_view key, std::string_view otherwise = {}) const;

  // Throws std::runtime_error where `key` was not given.
  std::string need(std::string_view key) const;

  // Every value of a key that may be repeated, in order.
  std::vector<std::string> all(std::string_view key) const;

 private:
  std::vector<std::pair<std::string, std::string>> given_;
};

}  // namespace wallet
