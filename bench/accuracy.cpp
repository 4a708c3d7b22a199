// How exactly faults do what they are asked, on each engine that this kernel has, beside tc doing
// the same and beside nothing at all, in interleaved rounds. Prints Markdown tables.
//
// usage: bench_accuracy [--only delay|loss|rate|bystander|throughput]… [--quick] [--seed N]
//
// Ends with 1 where a goal is missed; goals are for an idle machine. Needs root, or run it under
// `unshare -rn`; works in namespaces of its own only.

#include <sys/prctl.h>
#include <sys/resource.h>

#include <cstring>
#include <map>
#include <set>
#include <string_view>

#include "accuracy_flows.h"
#include "accuracy_losses.h"

namespace blackstart::bench {
namespace {

using Way = TrafficDirection;
using Samples = std::map<Arm, std::vector<double>>;

struct Options {
  std::set<std::string_view> only;
  bool quick = false;
  RunSeed seed{20};

  bool wants(std::string_view part) const { return only.empty() || only.contains(part); }
  int rounds() const { return quick ? 1 : 5; }
};

int missed = 0;

// A cell that says whether a goal was met, and counts those that were not.
const char* met(std::optional<bool> goal) {
  if (!goal) return "";
  missed += *goal ? 0 : 1;
  return *goal ? "yes" : "**no**";
}

// ---- delay

// A normal deviation's quantiles from so many samples: how far off they may be by chance, in
// 99 of 100 rows.
double by_chance(double deviation, std::size_t samples, double factor) {
  return 2.58 * factor * deviation / std::sqrt(static_cast<double>(samples));
}

// Whether the row is to be measured once more: one in a hundred misses by chance.
bool delay_row(const Ground& ground, const char* protocol, const Impairment& asked, int ways,
               Arm arm, const Samples& all, bool last) {
  const std::vector<double>& took = all.at(arm);
  const double deviation = milliseconds_of(asked.jitter) * std::sqrt(ways);
  const double p50 = quantile(took, 0.5), p99 = quantile(took, 0.99);
  const double asked50 = milliseconds_of(asked.delay) * ways, asked99 = asked50 + 2.326 * deviation;
  const double chance50 = by_chance(deviation, took.size(), 1.253);
  const double chance99 = by_chance(deviation, took.size(), 3.73);
  std::optional<bool> goal;
  std::string words;
  if (arm == Arm::netem) {
    const double theirs = quantile(all.at(Arm::plain), 0.5);
    goal = std::abs(p50 - theirs) <= 0.1 * ways + std::sqrt(2) * chance50;
    words = text_of("p50 as plain ± %g", 0.1 * ways);
  } else if (arm == Arm::nfqueue) {
    goal = std::abs(p50 - asked50) <= 0.2 + chance50 && std::abs(p99 - asked99) <= 1.0 + chance99;
    words = "p50 ± 0.2, p99 ± 1";
  }
  const bool again = !goal.value_or(true) && !last;
  std::printf("| %s | %s%s | %s | %zu | %.3f | %.3f | %.3f | %+.3f | %+.3f | %s | %s |\n", protocol,
              text_of("%g", asked50).c_str(),
              deviation > 0 ? text_of(" ± %.3g", deviation).c_str() : "",
              ground.name_of(arm).c_str(), took.size(), mean_of(took), p50, p99, p50 - asked50,
              p99 - asked99, words.c_str(), again ? "once more:" : met(goal));
  return again;
}

void compare_delay(Ground& ground, const Options& options, Datagrams& datagrams,
                   const Impairment& asked, const std::vector<Arm>& arms) {
  constexpr Duration kGap = 1ms;
  const int count = options.quick ? 200 : 1'000;
  // A request is under way for twice the delay, and others meanwhile.
  const int under_way = static_cast<int>(1.4 * asked.delay / kGap) + 8;
  Samples udp, tcp;
  const auto add_datagrams = [&](Arm arm) {
    const auto on = ground.put(arm, asked, Way::in);
    std::ranges::move(one_way(datagrams, count, kGap), std::back_inserter(udp[arm]));
  };
  const auto add_requests = [&](Arm arm) {
    Requests requests{ground.link(), under_way};  // connected before
    const auto on = ground.put(arm, asked, Way::both);
    std::ranges::move(requests.round_trips(count / 2, 2 * kGap), std::back_inserter(tcp[arm]));
  };
  for (int round = 0; round < options.rounds(); ++round) {
    for (const Arm arm : arms) {
      add_datagrams(arm);
      add_requests(arm);
    }
  }
  const auto rows = [&](const char* protocol, int ways, Samples& all, const auto& add) {
    for (const Arm arm : arms) {
      if (!delay_row(ground, protocol, asked, ways, arm, all, false)) continue;
      all[arm].clear();
      for (int round = 0; round < options.rounds(); ++round) add(arm);
      delay_row(ground, protocol, asked, ways, arm, all, true);
    }
  };
  rows("UDP, one way", 1, udp, add_datagrams);
  rows("TCP, there and back", 2, tcp, add_requests);
}

void measure_delay(Ground& ground, const Options& options) {
  std::printf(
      "\n| flow | asked, ms | by | samples | mean | p50 | p99 | p50 − asked | p99 − asked | goal | "
      "met |\n|---|---|---|---|---|---|---|---|---|---|---|\n");
  Datagrams datagrams{ground.link()};
  datagrams.warm_up();
  const OneCopyOnly one_copy{ground.link()};
  compare_delay(ground, options, datagrams, {}, {Arm::bare});
  for (const int jitter : {0, 5}) {  // a fifth
    for (const Duration delay : {Duration{1ms}, Duration{10ms}, Duration{100ms}, Duration{800ms}}) {
      Impairment asked{.delay = delay};
      if (jitter > 0) asked.jitter = delay / jitter;
      compare_delay(ground, options, datagrams, asked, ground.arms());
    }
  }
}

// ---- loss

// Within what chance explains in 99 of 100 cases. Runs of losses make shares vary more: by
// (1 + r) / (1 - r), r being how much a packet's fate says about the next one's.
double loss_chance(const Impairment& asked, int sent) {
  double wider = 1.0;
  if (asked.burst > 1.0) {
    const BurstModel model = burst_model(asked.loss, asked.burst);
    const double r = 1.0 - model.to_bad - model.to_good;
    wider = (1.0 + r) / (1.0 - r);
  }
  return 2.58 * std::sqrt(asked.loss * (1.0 - asked.loss) * wider / sent);
}

void loss_row(Ground& ground, const char* flow, const Impairment& asked, Arm arm,
              const std::function<Losses()>& measure) {
  // One row in a hundred misses by chance: that one is measured afresh, once.
  for (int tries = 0; tries < 2; ++tries) {
    const auto on = ground.put(arm, asked, Way::in);
    const Losses losses = measure();
    const auto counted = on->dropped();
    const double wanted = asked.loss, chance = loss_chance(asked, losses.sent);
    const bool good = std::abs(losses.share() - wanted) <= chance &&
                      (!counted || std::cmp_equal(*counted, losses.lost));
    const bool again = !good && tries == 0;
    std::printf("| %s | %s%s | %s | %d | %d | %.3f %% | %s | %.3f…%.3f %% | %s | %s |\n", flow,
                text_of("%g %%", asked.loss * 100).c_str(),
                asked.burst > 1.0 ? text_of(" in runs of %g", asked.burst).c_str() : "",
                ground.name_of(arm).c_str(), losses.sent, losses.lost, losses.share() * 100,
                losses.lost > 0 ? text_of("%.2f", losses.mean_run()).c_str() : "",
                std::max(0.0, wanted - chance) * 100, (wanted + chance) * 100,
                counted ? std::to_string(*counted).c_str() : "", again ? "once more:" : met(good));
    if (!again) break;
  }
}

void measure_loss(Ground& ground, const Options& options) {
  std::printf(
      "\n| flow | asked | by | sent | lost | share | mean run | 99 of 100 within | we counted | "
      "within |\n|---|---|---|---|---|---|---|---|---|---|\n");
  Datagrams datagrams{ground.link()};
  datagrams.warm_up();
  const int count = options.quick ? 10'000 : 100'000;
  const auto compare = [&](const Impairment& asked, const std::vector<Arm>& arms) {
    for (const Arm arm : arms) {
      loss_row(ground, "datagrams", asked, arm, [&] { return lost_datagrams(datagrams, count); });
    }
    for (const Arm arm : arms) {
      loss_row(ground, "TCP handshakes", asked, arm,
               [&] { return lost_handshakes(ground.link(), count / 5); });
    }
  };
  compare({}, {Arm::bare});
  for (const double loss : {0.001, 0.01, 0.1, 0.5}) compare({.loss = loss}, ground.arms());
  for (const double loss : {0.01, 0.1}) compare({.loss = loss, .burst = 8}, ground.arms());
}

// ---- rate

void rate_rows(const Ground& ground, const char* flow, double asked,
               const std::map<Arm, std::vector<Rates>>& all, bool carried) {
  std::map<Arm, double> means;
  for (const auto& [arm, rounds] : all) {
    std::vector<double> spans;
    for (const Rates& round : rounds) {
      means[arm] += round.mean / static_cast<double>(rounds.size());
      std::ranges::copy(round.spans, std::back_inserter(spans));
    }
    const auto off = [&](double from) { return means[arm] / from - 1.0; };
    std::optional<bool> goal;
    if (arm == Arm::netem || arm == Arm::nfqueue) {
      goal = std::abs(off(asked)) <= 0.03;
      // Where the processors have no time left even without a rate it says nothing of ours.
      if (!carried) goal.reset();
    }
    std::printf("| %s | %g | %s | %.4g | %.4g | %.4g | %s | %s |\n", flow, asked / 1e6,
                ground.name_of(arm, true).c_str(), means[arm] / 1e6, quantile(spans, 0.5) / 1e6,
                quantile(spans, 0.99) / 1e6,
                arm == Arm::bare ? "offered" : text_of("%+.2f %%", off(asked) * 100).c_str(),
                met(goal));
  }
}

void measure_rate(Ground& ground, const Options& options) {
  std::printf(
      "\n| flow | asked, Mbit/s | by | mean | p50 | p99 | mean − asked | within 3 %% |\n"
      "|---|---|---|---|---|---|---|---|\n");
  Datagrams datagrams{ground.link()};
  datagrams.warm_up();
  for (const std::uint64_t asked : {1'000'000ULL, 50'000'000ULL, 500'000'000ULL}) {
    const Impairment impairment{.rate = Bandwidth{asked}};
    const Duration span = asked == 1'000'000 ? 12s : options.quick ? 1s : 3s;
    const auto wanted = static_cast<double>(asked);
    std::map<Arm, std::vector<Rates>> udp, tcp;
    for (int round = 0; round < (options.quick || asked == 1'000'000 ? 1 : 3); ++round) {
      // With nothing in force: what is offered.
      if (round == 0) udp[Arm::bare].push_back(datagram_rate(datagrams, wanted, 1s));
      for (const Arm arm : ground.arms(true)) {
        {
          const auto on = ground.put(arm, impairment, Way::in);
          udp[arm].push_back(datagram_rate(datagrams, wanted, span));
        }
        datagrams.forget_all();
        const auto on = ground.put(arm, impairment, Way::in);
        tcp[arm].push_back(stream_rate(ground.link(), span));
      }
    }
    const double offered = 1.2 * wanted * kFrameShare;
    rate_rows(ground, "UDP", wanted, udp, udp[Arm::bare].front().mean > 0.99 * offered);
    rate_rows(ground, "TCP", wanted, tcp, true);
  }
}

// ---- bystander

// What a flow takes that no fault selects, while the one that is selected has a packet a
// millisecond each way.
std::vector<double> bystander(Datagrams& flow, Datagrams& selected, int count) {
  const Ahead ahead;
  std::vector<double> took;
  RunTime next = flow.clock().now();
  for (int i = 0; i < count; ++i) {
    took.push_back(flow.there_and_back() * 1e3);
    if (flow.clock().now() < next) continue;
    selected.send(0);
    while (selected.take()) {
    }
    std::this_thread::sleep_for(50us);  // for ksoftirqd, or each packet waits for it
    next = next + 1ms;
  }
  return took;
}

void measure_bystander(Ground& ground, const Options& options) {
  std::printf(
      "\n| in force for others | by | round trips | p50, µs | p99, µs | p50 − nothing's | "
      "p99 − nothing's | within 20 µs |\n|---|---|---|---|---|---|---|---|\n");
  std::vector<Arm> bystander_arms = ground.arms();
  std::erase(bystander_arms, Arm::plain);  // it would hit all
  bystander_arms.insert(bystander_arms.begin(), Arm::bare);
  Datagrams flow{ground.link(), kOtherPort}, selected{ground.link()};
  flow.warm_up();
  selected.warm_up();
  for (const Impairment& asked :
       {Impairment{.delay = 100ms}, Impairment{.delay = 100ms, .loss = 0.1}}) {
    Samples all;
    for (int round = 0; round < 4 * options.rounds(); ++round) {
      for (const Arm arm : bystander_arms) {
        const auto on = ground.put(arm, asked, Way::both);
        std::ranges::move(bystander(flow, selected, options.quick ? 1'000 : 5'000),
                          std::back_inserter(all[arm]));
      }
      selected.forget_all();
    }
    const double bare50 = quantile(all[Arm::bare], 0.5), bare99 = quantile(all[Arm::bare], 0.99);
    for (const auto& [arm, took] : all) {
      const double p50 = quantile(took, 0.5), p99 = quantile(took, 0.99);
      std::printf("| %s | %s | %zu | %.2f | %.2f | %+.2f | %+.2f | %s |\n", to_text(asked).c_str(),
                  ground.name_of(arm).c_str(), took.size(), p50, p99, p50 - bare50, p99 - bare99,
                  arm == Arm::bare ? "" : met(p99 - bare99 < 20.0));
    }
  }
}

// ---- throughput

double gigabits(const test::ShapedLink& link, int flows) {
  const MonotonicClock clock;
  const test::BulkFlow bulk{link, flows};
  wait(1s);
  const RunTime from = clock.now();
  const std::uint64_t before = bulk.received();
  wait(1'500ms);
  return static_cast<double>(bulk.received() - before) * 8e-9 / seconds_of(clock.now() - from);
}

void measure_throughput(Ground& ground, const Options& options) {
  std::printf(
      "\n| TCP flows | delay | by | Gbit/s | of the bare veth | of plain netem | goal | met |\n"
      "|---|---|---|---|---|---|---|---|\n");
  std::vector<Arm> arms = ground.arms();
  arms.insert(arms.begin(), Arm::bare);
  for (const int flows : {1, 8}) {
    const Impairment asked{.delay = 10ms};
    Samples all, of_bare, of_plain;
    for (int round = 0; round < options.rounds(); ++round) {
      for (const Arm arm : arms) {
        const auto on = ground.put(arm, asked, Way::in, false);
        all[arm].push_back(gigabits(ground.link(), flows));
        of_bare[arm].push_back(all[arm].back() / all[Arm::bare].back());
      }
      if (!all.contains(Arm::plain)) continue;
      for (const auto& [arm, speeds] : all) {
        of_plain[arm].push_back(speeds.back() / all[Arm::plain].back());
      }
    }
    for (const auto& [arm, speeds] : all) {
      std::optional<bool> goal;
      std::string words;
      if (arm == Arm::nfqueue && flows == 8) {
        words = "≥ 0.50 of bare";
        goal = quantile(of_bare[arm], 0.5) >= 0.5;
      } else if (arm == Arm::netem) {
        words = "≥ 0.90 of plain";
        goal = quantile(of_plain[arm], 0.5) >= 0.9;
      }
      std::printf(
          "| %d | %s ms | %s | %.2f | %.2f | %s | %s | %s |\n", flows,
          text_of("%g", milliseconds_of(asked.delay)).c_str(), ground.name_of(arm).c_str(),
          quantile(speeds, 0.5), quantile(of_bare[arm], 0.5),
          of_plain.contains(arm) ? text_of("%.2f", quantile(of_plain[arm], 0.5)).c_str() : "",
          words.c_str(), met(goal));
    }
  }
}

Options options_of(int count, char** words) {
  Options out;
  const std::set<std::string_view> parts{"delay", "loss", "rate", "bystander", "throughput"};
  for (int i = 1; i < count; ++i) {
    const std::string_view word = words[i];
    const std::string_view value = i + 1 < count ? words[i + 1] : "";
    if (word == "--quick") {
      out.quick = true;
    } else if (word == "--only" && parts.contains(value)) {
      out.only.insert(words[++i]);
    } else if (word == "--seed" && !value.empty()) {
      out.seed = {std::stoull(words[++i])};
    } else {
      throw std::runtime_error{
          "usage: bench_accuracy [--only delay|loss|rate|bystander|throughput]… [--quick] "
          "[--seed N]"};
    }
  }
  return out;
}

void run(const Options& options) {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNET) != 0) {
    throw std::runtime_error{"needs root: try `unshare -rn`"};
  }
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  ::prctl(PR_SET_TIMERSLACK, 1UL);
  Ground ground{options.seed};
  if (options.wants("delay")) measure_delay(ground, options);
  if (options.wants("loss")) measure_loss(ground, options);
  if (options.wants("rate")) measure_rate(ground, options);
  if (options.wants("bystander")) measure_bystander(ground, options);
  if (options.wants("throughput")) measure_throughput(ground, options);
}

}  // namespace
}  // namespace blackstart::bench

int main(int count, char** words) {
  std::setvbuf(stdout, nullptr, _IOLBF, BUFSIZ);  // rows are seen as they come
  try {
    blackstart::bench::run(blackstart::bench::options_of(count, words));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_accuracy: %s\n", error.what());
    return 2;
  }
  if (blackstart::bench::missed > 0) std::printf("\n%d goals missed\n", blackstart::bench::missed);
  return blackstart::bench::missed > 0 ? 1 : 0;
}
