// What people look at, in two makes.
//
// `--provider A` is the naive one: one provider behind a circuit breaker, and a view that draws
// a balance which could not be read as 0, with status 200. That is what users of several
// wallets saw on 20 October 2025.
//
// `--providers A,B` has two homes: it asks the other provider when one fails or is slow, goes
// back when the first one has proven itself, and says "unknown" rather than lie.

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "breaker.h"
#include "fetch.h"
#include "roles.h"
#include "service.h"

namespace wallet {
namespace {

constexpr std::chrono::milliseconds kNaivePatience{800};
constexpr std::chrono::milliseconds kHomePatience{250};  // then the next home is asked
constexpr std::chrono::seconds kLookBack{1};
constexpr int kProofs = 3;  // good looks in a row before going back

class NaiveWallet {
 public:
  explicit NaiveWallet(HostPort provider) : provider_{std::move(provider)} {}

  Answer balance_of(const std::string& owner) {
    const auto shown = nlohmann::json::parse(ask(owner), nullptr, false);
    // The bug, as it was written a thousand times: a default for a value that is missing.
    const double balance = shown.is_object() ? shown.value("balance", 0.0) : 0.0;
    return {200, nlohmann::json{{"owner", owner}, {"balance", balance}}.dump()};
  }

 private:
  std::string ask(const std::string& owner) {
    if (!breaker_.lets_through(Breaker::Clock::now())) return {};
    const Fetched fetched = fetch(provider_, "/balance/" + owner, kNaivePatience);
    if (fetched.ok()) {
      breaker_.succeeded();
    } else {
      breaker_.failed(Breaker::Clock::now());
    }
    return fetched.body;
  }

  HostPort provider_;
  Breaker breaker_;
};

class TwoHomesWallet {
 public:
  explicit TwoHomesWallet(std::vector<HostPort> providers)
      : providers_{std::move(providers)}, look_back_{[this](const std::stop_token& stop) {
          while (!stop.stop_requested()) look_back();
        }} {}

  Answer balance_of(const std::string& owner) {
    const std::size_t first = home_;
    for (std::size_t tried = 0; tried < providers_.size(); ++tried) {
      const std::size_t home = (first + tried) % providers_.size();
      const Fetched fetched = fetch(providers_[home], "/balance/" + owner, kHomePatience);
      const auto answer = nlohmann::json::parse(fetched.body, nullptr, false);
      if (!fetched.ok() || !answer.is_object() || !answer.contains("balance")) continue;
      home_ = home;
      return {200, nlohmann::json{{"owner", owner},
                                  {"balance", answer["balance"]},
                                  {"provider", providers_[home].host}}
                       .dump()};
    }
    return {503,
            nlohmann::json{{"owner", owner}, {"balance", nullptr}, {"status", "unknown"}}.dump()};
  }

 private:
  // Away from the first home, sees each second whether it can do its work again.
  void look_back() {
    std::this_thread::sleep_for(kLookBack);
    if (home_ == 0) return;
    proofs_ = fetch(providers_.front(), "/readyz", kHomePatience).ok() ? proofs_ + 1 : 0;
    if (proofs_ < kProofs) return;
    proofs_ = 0;
    home_ = 0;
  }

  std::vector<HostPort> providers_;
  std::atomic<std::size_t> home_ = 0;
  int proofs_ = 0;
  std::jthread look_back_;
};

}  // namespace

int run_wallet(const Options& options) {
  const HostPort listen = parse_host_port(options.need("listen"));
  const auto serve = [&](const std::string& name, auto wallet) {
    Service service{name};
    service.get("/balance/([^/]+)",
                [&wallet](const std::string& owner) { return wallet->balance_of(owner); });
    return service.serve(listen);
  };
  const std::vector<std::string> homes = split(options.get("providers"), ',');
  if (homes.empty()) {
    const HostPort provider = parse_host_port(options.need("provider"));
    return serve("naive wallet", std::make_unique<NaiveWallet>(provider));
  }
  std::vector<HostPort> providers;
  for (const std::string& home : homes) providers.push_back(parse_host_port(home));
  return serve("multi-home wallet", std::make_unique<TwoHomesWallet>(std::move(providers)));
}

}  // namespace wallet
