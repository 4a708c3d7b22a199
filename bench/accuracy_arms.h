#pragma once

// What packets between two namespaces meet while they are measured: nothing, a fault of ours on
// either engine, or what tc makes of the same values on the device itself.

#include <sched.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "netlink/kernel_facts.h"
#include "netlink/netem.h"
#include "support/enforced.h"
#include "support/shaped_link.h"
#include "support/udp.h"

namespace blackstart::bench {

enum class Arm : std::uint8_t { bare, netem, nfqueue, plain };

inline constexpr std::uint16_t kPort = 9'999;  // of the far end: what faults here select
inline constexpr std::uint16_t kOtherPort = 9'998;

// Anything that is in force while it lives.
class InForce {
 public:
  virtual ~InForce() = default;
  // What the product itself says that it has dropped; nothing for others.
  virtual std::optional<std::uint64_t> dropped() { return std::nullopt; }
};

// By the compiler and the enforcer, as in a run, with its heartbeat.
class OurFault final : public InForce {
 public:
  OurFault(test::LoopThread& loop, const NetworkSpec& spec, const Target& target,
           const Engine& engine, RunSeed seed)
      : fault_{loop, test::Entries{}.add(test::network(spec), target).compile(on(engine)),
               with(seed)} {
    fault_.switch_to({0});
  }
  std::optional<std::uint64_t> dropped() override { return fault_.proof(0).dropped; }

 private:
  static CompileOptions on(const Engine& engine) {
    CompileOptions out;
    out.engine = engine;
    return out;
  }
  static EnforcerOptions with(RunSeed seed) {
    EnforcerOptions out;
    out.seed = seed;
    return out;
  }

  test::Enforced fault_;
  std::jthread heart_{[this](const std::stop_token& stop) {
    for (int tenths = 1; !stop.stop_requested(); ++tenths) {
      wait(std::chrono::milliseconds{100});
      if (tenths % 10 == 0) fault_.beat();
    }
  }};
};

inline void shell(const std::string& words) {
  if (std::system(words.c_str()) != 0) throw std::runtime_error{words};
}
inline void tc(const std::string& words) { shell("tc " + words); }

[[gnu::format(printf, 1, 2)]] inline std::string text_of(const char* format, ...) {
  std::array<char, 128> out{};
  va_list values;
  va_start(values, format);
  std::vsnprintf(out.data(), out.size(), format, values);
  va_end(values);
  return out.data();
}

// On the ends of the link: the far one delays what comes here, the near one what goes there.
class PlainTc final : public InForce {
 public:
  PlainTc(const test::ShapedLink& link, const NetworkSpec& spec, bool netem) : link_{link} {
    if (spec.direction != TrafficDirection::out) far_ = true;
    if (spec.direction != TrafficDirection::in) near_ = true;
    if (near_) put("v1", spec.from, netem);
    if (far_) {
      const NetnsGuard there{link_.far()};
      put("v2", spec.from, netem);
    }
  }
  ~PlainTc() override {
    if (near_) tc("qdisc del dev v1 root");
    const NetnsGuard there{link_.far()};
    if (far_) tc("qdisc del dev v2 root");
  }

 private:
  static void put(const std::string& device, const Impairment& asked, bool netem) {
    const std::string rate =
        asked.rate ? " rate " + std::to_string(asked.rate->bits_per_second) + "bit" : "";
    if (!netem) {
      tc("qdisc replace dev " + device + " root handle 1: htb default 1");
      return tc("class replace dev " + device + " parent 1: classid 1:1 htb quantum 10000" + rate);
    }
    std::string words = "qdisc replace dev " + device + " root netem limit " +
                        std::to_string(netlink::netem_limit(asked));
    const auto microseconds = [](Duration span) {
      return std::to_string(span / std::chrono::microseconds{1}) + "us";
    };
    if (asked.delay > Duration{}) words += " delay " + microseconds(asked.delay);
    if (asked.jitter > Duration{})
      words += ' ' + microseconds(asked.jitter) + " distribution normal";
    if (asked.burst > 1.0) {
      const BurstModel model = burst_model(asked.loss, asked.burst);
      words += " loss gemodel" + text_of(" %.6f%% %.6f%%", model.to_bad * 100, model.to_good * 100);
    } else if (asked.loss > 0.0) {
      words += text_of(" loss random %.6f%%", asked.loss * 100);
    }
    tc(words + rate);
  }

  const test::ShapedLink& link_;
  bool near_ = false, far_ = false;
};

// While it lives, TCP on the link repeats nothing within 10 s: of two copies of a request the one
// that happens to be delayed less would be measured.
class OneCopyOnly {
 public:
  explicit OneCopyOnly(const test::ShapedLink& link) : link_{link} { set("rto_min 10s"); }
  ~OneCopyOnly() { set(""); }

 private:
  void set(const std::string& how) const {
    const std::string route = "ip route change 10.0.0.0/24 proto kernel scope link ";
    shell(route + "dev v1 src 10.0.0.1 " + how);
    const NetnsGuard there{link_.far()};
    shell(route + "dev v2 src 10.0.0.2 " + how);
  }

  const test::ShapedLink& link_;
};

// The two namespaces, and what this kernel has to impair packets between them.
class Ground {
 public:
  explicit Ground(RunSeed seed) : seed_{seed} {
    const netlink::KernelFacts facts =
        netlink::probe_kernel(Needs::netem | Needs::nft_queue | Needs::compat_queue);
    const auto has = [&](Needs need) { return facts.find(need)->ok; };
    netem_ = has(Needs::netem);
    queue_ = has(Needs::nft_queue) || has(Needs::compat_queue);
    via_ = has(Needs::nft_queue) ? netlink::QueueTo::Via::nft : netlink::QueueTo::Via::xtables;
    link_.emplace();
    loop_.emplace();
  }

  const test::ShapedLink& link() const { return *link_; }

  // Our engines, and tc where it can do the same.
  std::vector<Arm> arms(bool only_rate = false) const {
    std::vector<Arm> out;
    if (netem_) out.push_back(Arm::netem);
    if (queue_) out.push_back(Arm::nfqueue);
    if (netem_ || only_rate) out.push_back(Arm::plain);
    return out;
  }
  std::string name_of(Arm arm, bool only_rate = false) const {
    switch (arm) {
      case Arm::bare:
        return "nothing";
      case Arm::netem:
        return "netem engine";
      case Arm::nfqueue:
        return only_rate ? "nfqueue engine (HTB)" : "nfqueue engine";
      case Arm::plain:
        return netem_ ? "plain tc netem" : "plain tc htb";
    }
    return {};
  }

  // `ports`: only what comes from or goes to kPort of the far end, for our engines.
  std::unique_ptr<InForce> put(Arm arm, const Impairment& asked, TrafficDirection way,
                               bool ports = true) {
    const NetworkSpec spec{.from = asked, .to = asked, .direction = way};
    if (arm == Arm::bare) return std::make_unique<InForce>();
    if (arm == Arm::plain) return std::make_unique<PlainTc>(*link_, spec, netem_);
    Target target = test::target_of({"10.0.0.2/32"});
    if (ports) target.port = {{kPort, kPort}};
    const auto kind = arm == Arm::netem ? ShapeEngine::netem : ShapeEngine::nfqueue;
    return std::make_unique<OurFault>(*loop_, spec, target, Engine{kind, via_},
                                      RunSeed{seed_.value++});
  }

 private:
  RunSeed seed_;
  bool netem_ = false, queue_ = false;
  netlink::QueueTo::Via via_{};
  std::optional<test::ShapedLink> link_;
  std::optional<test::LoopThread> loop_;
};

}  // namespace blackstart::bench
