#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <string_view>

#include "roles.h"

namespace {

using wallet::Options;

struct Role {
  std::string_view name;
  int (*run)(const Options& options);
  const char* usage;
};

constexpr std::array kRoles{
    Role{"kv", wallet::run_kv, "--listen HOST:PORT --item NAME=NUMBER …"},
    Role{"ledger", wallet::run_ledger, "--listen HOST:PORT --item NAME=NUMBER …"},
    Role{"rpc", wallet::run_rpc, "--listen HOST:PORT --region us-east-1 --ledger HOST:PORT"},
    Role{"wallet", wallet::run_wallet,
         "--listen HOST:PORT (--provider HOST:PORT | --providers HOST:PORT,HOST:PORT)"},
    Role{"zone", wallet::run_zone, "--listen ADDRESS:PORT --record NAME=ADDRESS …"},
    Role{"stack", wallet::run_stack, "all of these; for a sandbox only"},
};

int print_usage() {
  std::puts("The example stack of `blackstart demo`, one role a process.\n");
  for (const Role& role : kRoles) {
    std::printf("  blackstart-wallet %-7s %s\n", role.name.data(), role.usage);
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  for (const Role& role : kRoles) {
    if (argc < 2 || role.name != argv[1]) continue;
    try {
      return role.run(Options{{argv + 2, argv + argc}});
    } catch (const std::exception& error) {
      std::fprintf(stderr, "blackstart-wallet %s: %s\n", argv[1], error.what());
      return 1;
    }
  }
  return print_usage();
}
