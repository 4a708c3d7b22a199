#include "services.h"

namespace wallet {
namespace {

// One table for the addresses: the zone is made of it too.
struct Home {
  std::string_view service, address, port, name;
};

constexpr Home kZone{"zone", "10.77.0.53", "53", ""};
constexpr Home kLedger{"ledger", "10.77.0.10", "8545", "ledger.example"};
constexpr Home kKvEast{"kv-east", "10.77.0.21", "8000", "dynamodb.us-east-1.amazonaws.com"};
constexpr Home kKvWest{"kv-west", "10.77.0.22", "8000", "dynamodb.us-west-2.amazonaws.com"};
constexpr Home kRpcEast{"rpc-east", "10.77.0.31", "8545", "rpc-east.example"};
constexpr Home kRpcWest{"rpc-west", "10.77.0.32", "8545", "rpc-west.example"};
constexpr Home kNaive{"naive", "10.77.0.41", "8080", "naive.wallet.example"};
constexpr Home kMultiHome{"multi-home", "10.77.0.42", "8080", "multi-home.wallet.example"};

constexpr Home kHomes[] = {kZone,    kLedger,  kKvEast, kKvWest,
                           kRpcEast, kRpcWest, kNaive,  kMultiHome};

constexpr char kAccount[] = "alice=42.5";

std::string by_name(const Home& home) {
  return std::string{home.name} + ':' + std::string{home.port};
}

ServiceSpec at(const Home& home, std::vector<std::string> arguments) {
  const std::string address{home.address};
  arguments.insert(arguments.end(), {"--listen", address + ':' + std::string{home.port}});
  return {std::string{home.service}, address, parse_host_port(arguments.back()).port,
          std::move(arguments)};
}

ServiceSpec zone() {
  std::vector<std::string> arguments{"zone"};
  for (const Home& home : kHomes) {
    if (home.name.empty()) continue;
    arguments.insert(arguments.end(),
                     {"--record", std::string{home.name} + '=' + std::string{home.address}});
  }
  return at(kZone, std::move(arguments));
}

ServiceSpec rpc(const Home& home, const char* region) {
  return at(home, {"rpc", "--region", region, "--ledger", by_name(kLedger)});
}

}  // namespace

std::vector<ServiceSpec> all_services() {
  return {
      zone(),
      at(kLedger, {"ledger", "--item", kAccount}),
      at(kKvEast, {"kv", "--item", kAccount}),
      at(kKvWest, {"kv", "--item", kAccount}),
      rpc(kRpcEast, "us-east-1"),
      rpc(kRpcWest, "us-west-2"),
      at(kNaive, {"wallet", "--provider", by_name(kRpcEast)}),
      at(kMultiHome, {"wallet", "--providers", by_name(kRpcEast) + ',' + by_name(kRpcWest)}),
  };
}

}  // namespace wallet
