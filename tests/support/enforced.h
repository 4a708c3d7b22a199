#pragma once

// Faults compiled for the test's namespace and enforced on a loop.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blackstart/scenario.h"
#include "fault/compiler.h"
#include "fault/enforcer.h"
#include "support/loop_thread.h"
#include "sys/clock.h"

namespace blackstart::test {

// A fault that compiles to what a test wants.
class FixedFault final : public Fault {
 public:
  explicit FixedFault(std::function<void(FaultCompiler&)> compile) : compile_{std::move(compile)} {}

  Needs needs(const Target&) const override { return Needs::nothing; }
  std::string in_words() const override { return "as the test says"; }
  std::vector<std::string> objections(const Target&) const override { return {}; }
  void compile(FaultCompiler& into) const override { compile_(into); }

 private:
  std::function<void(FaultCompiler&)> compile_;
};

inline FixedFault partition(const PartitionSpec& spec) {
  return FixedFault{[spec](FaultCompiler& into) { into.add_partition(spec); }};
}

inline FixedFault network(const NetworkSpec& spec) {
  return FixedFault{[spec](FaultCompiler& into) { into.add_network(spec); }};
}

inline FixedFault proxy(const ProxySpec& spec) {
  return FixedFault{[spec](FaultCompiler& into) { into.add_proxy(spec); }};
}

inline ProxySpec with_toxic(std::string_view kind, toxic::Values values = {},
                            toxic::Stream stream = toxic::Stream::downstream) {
  toxic::Toxic toxic;
  toxic.name = kind;
  toxic.kind = toxic::find_kind(kind);
  toxic.stream = stream;
  toxic.values = values;
  return {.toxics = {std::make_shared<const toxic::Toxic>(std::move(toxic))}};
}

inline FixedFault dns_fault(dns::AnswerKind answer, Duration delay = {}) {
  return FixedFault{[answer, delay](FaultCompiler& into) {
    dns::FaultRule rule;
    rule.answer = answer;
    rule.delay = delay;
    into.add_dns(std::move(rule));
  }};
}

inline EnforcerOptions asking(const std::string& server) {
  EnforcerOptions options;
  options.upstreams = {Endpoint{*parse_address(server), 53}};
  return options;
}

// Entries are numbered in the order in which they are added.
class Entries {
 public:
  Entries& add(FixedFault fault, Target target) {
    faults_.push_back(std::make_unique<FixedFault>(std::move(fault)));
    targets_.push_back(std::make_unique<Target>(std::move(target)));
    return *this;
  }

  CompiledEntries compile(const CompileOptions& options = {}) const {
    std::vector<EntryToCompile> entries;
    for (std::size_t i = 0; i < faults_.size(); ++i) {
      entries.push_back({static_cast<std::uint32_t>(i), faults_[i].get(), targets_[i].get()});
    }
    return compile_entries(entries, options);
  }

 private:
  std::vector<std::unique_ptr<FixedFault>> faults_;
  std::vector<std::unique_ptr<Target>> targets_;
};

inline Target target_of(std::vector<std::string> cidr, std::vector<PortRange> port = {}) {
  Target target;
  target.name = "target";
  for (const std::string& text : cidr) target.cidr.push_back(*parse_prefix(text));
  target.port = std::move(port);
  return target;
}

// An enforcer that lives on a loop's thread.
class Enforced {
 public:
  Enforced(LoopThread& loop, CompiledEntries compiled, EnforcerOptions options = {}) : loop_{loop} {
    loop_.run([&] {
      enforcer_ =
          std::make_unique<Enforcer>(loop_.io(), clock_, std::move(options), std::move(compiled));
      enforcer_->prepare();
    });
  }
  ~Enforced() {
    loop_.run([&] { enforcer_.reset(); });
  }
  Enforced(const Enforced&) = delete;
  Enforced& operator=(const Enforced&) = delete;

  Enforcer::Switched switch_to(const std::vector<std::uint32_t>& entries) {
    return loop_.run([&] { return enforcer_->switch_to(entries); });
  }
  void beat() {
    loop_.run([&] { enforcer_->beat(); });
  }
  void tick() {
    loop_.run([&] { enforcer_->set_progress({}); });
  }
  Proof proof(std::uint32_t entry) {
    return loop_.run([&] { return enforcer_->proof(entry); });
  }
  std::vector<std::string> release() {
    return loop_.run([&] { return enforcer_->release(); });
  }
  Enforcer& operator*() { return *enforcer_; }

 private:
  LoopThread& loop_;
  MonotonicClock clock_;
  std::unique_ptr<Enforcer> enforcer_;
};

}  // namespace blackstart::test
