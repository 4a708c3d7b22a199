#include "netlink/kernel_facts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>
#include <vector>

#include "netlink/kernel_trials.h"
#include "netlink/nft_owner.h"
#include "sys/fd.h"
#include "sys/user_namespace_facts.h"

namespace blackstart::netlink {
namespace {

struct Row {
  Needs need;
  const char* name;
  void (*attempt)();  // throws where the machine cannot
  const char* remedy;
};

constexpr std::array kRows{
    Row{Needs::owned_tables, "owned nftables tables", try_owned_tables,
        "use Linux 5.12 or newer with nf_tables (sudo modprobe nf_tables)"},
    Row{Needs::redirect, "DNS redirect", try_redirect,
        "sudo modprobe -a nft_redir nft_chain_nat nft_ct"},
    Row{Needs::egress_hook, "netdev egress hook", try_egress_hook,
        "use Linux 5.16 or newer, built with CONFIG_NETFILTER_EGRESS"},
    Row{Needs::blackhole, "swallowing device", try_blackhole,
        "sudo modprobe -a ifb nft_fwd_netdev"},
    Row{Needs::reject, "refusing packets", try_reject, "sudo modprobe -a nft_reject_inet veth"},
    Row{Needs::sock_destroy, "ending connections", try_sock_destroy,
        "use a kernel built with CONFIG_INET_DIAG_DESTROY"},
    Row{Needs::cgroup_match, "selecting by cgroup", try_cgroup_match,
        "sudo modprobe nft_socket, on a system with cgroup version 2"},
    Row{Needs::rate_limit, "rate limit (HTB)", try_rate_limit, "sudo modprobe -a ifb sch_htb"},
    Row{Needs::netem, "netem, all features", try_netem, "sudo modprobe -a ifb sch_netem"},
    Row{Needs::nft_queue, "nft queue", try_nft_queue, "sudo modprobe -a nft_queue nfnetlink_queue"},
    Row{Needs::compat_queue, "iptables' queue within nft", try_compat_queue,
        "sudo modprobe -a nft_compat xt_NFQUEUE nfnetlink_queue"},
};

// Runs `work` in a child of ours and returns what it wrote.
template <class Work>
std::string in_child(Work work) {
  std::array<int, 2> ends{};
  check("pipe2()", ::pipe2(ends.data(), O_CLOEXEC));
  const UniqueFd read{ends[0]};
  UniqueFd write{ends[1]};
  const pid_t child = check("fork()", ::fork());
  if (child == 0) {
    const int code = work(write.get());
    ::_exit(code);
  }
  write.reset();
  std::string text;
  std::array<char, 1024> buffer;
  for (;;) {
    const ssize_t got = ::read(read.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return text;
}

void say(int fd, const std::string& text) {
  // The reader is the parent, which reads to the end; a failure means that it is gone.
  if (::write(fd, text.data(), text.size()) < 0) ::_exit(1);
}

// Root may lack the privilege too, in a container; then a user namespace may still be had.
int enter_throw_away_namespace(int more) {
  if (::geteuid() == 0 && ::unshare(CLONE_NEWNET | more) == 0) return 0;
  return ::unshare(CLONE_NEWUSER | CLONE_NEWNET | more) == 0 ? 0 : errno;
}

// The first line has the errno of making a sandbox; then one line a trial: the need's number,
// and a reason where it failed. One namespace serves both, since making one is what costs.
int try_all(Needs needs, int out) {
  const int error = enter_throw_away_namespace(CLONE_NEWNS | CLONE_NEWPID);
  say(out, std::to_string(error) + '\n');
  if ((needs & (kKernelNeeds | kRungNeeds)) == Needs::nothing) return 0;
  if (error != 0 && enter_throw_away_namespace(0) != 0) return 0;
  for (const Row& row : kRows) {
    if (!has(needs, row.need)) continue;
    std::string line = std::to_string(static_cast<std::uint32_t>(row.need));
    try {
      row.attempt();
    } catch (const std::exception& failure) {
      line += std::string{' '} + failure.what();
    }
    std::ranges::replace(line, '\n', ' ');
    say(out, line + '\n');
  }
  return 0;
}

// The reason that `lines` have for a need; nullopt where the trial never came to it.
std::optional<std::string> reason_in(const std::vector<std::string>& lines, Needs need) {
  const std::string number = std::to_string(static_cast<std::uint32_t>(need));
  for (const std::string& line : lines) {
    if (line == number) return std::string{};
    if (line.starts_with(number + ' ')) return line.substr(number.size() + 1);
  }
  return std::nullopt;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::istringstream in{text};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

KernelFact host_fact() {
  KernelFact fact{.need = Needs::nothing,
                  .name = "acting on this namespace",
                  .ok = true,
                  .why = {},
                  .remedy = {}};
  try {
    NftOwner::find_tables();
  } catch (const std::system_error& failure) {
    fact.ok = false;
    fact.why = failure.code() == std::errc::operation_not_permitted
                   ? "this user may not change the network of this machine"
                   : failure.what();
    fact.remedy = "run it with sudo, or in a sandbox (where: sandbox)";
  }
  return fact;
}

KernelFact sandbox_fact(int error) {
  KernelFact fact{
      .need = Needs::nothing, .name = "sandbox", .ok = error == 0, .why = {}, .remedy = {}};
  if (fact.ok) return fact;
  const auto refusal =
      explain_refusal(std::system_error{error, std::system_category(), "unshare()"}.what(), error,
                      read_user_namespace_facts());
  fact.why = refusal.why;
  fact.remedy = refusal.remedy;
  return fact;
}

KernelFact fact_of(const Row& row, const std::optional<std::string>& reason,
                   const KernelFact& sandbox) {
  KernelFact fact{.need = row.need, .name = row.name, .ok = false, .why = {}, .remedy = {}};
  if (reason) {
    fact.ok = reason->empty();
    fact.why = *reason;
    if (!fact.ok) fact.remedy = row.remedy;
  } else {
    fact.why = "it could not be tried: " + (sandbox.ok ? "the trial ended early" : sandbox.why);
    fact.remedy = sandbox.remedy;
  }
  return fact;
}

}  // namespace

const KernelFact* KernelFacts::find(Needs need) const {
  const auto found = std::ranges::find(facts, need, &KernelFact::need);
  return found == facts.end() ? nullptr : &*found;
}

KernelFacts probe_kernel(Needs needs) {
  const std::vector<std::string> lines =
      lines_of(in_child([needs](int fd) { return try_all(needs, fd); }));
  KernelFacts out;
  out.host = host_fact();
  out.sandbox = sandbox_fact(lines.empty() ? EIO : std::atoi(lines.front().c_str()));
  const std::vector<std::string> trials{lines.begin() + (lines.empty() ? 0 : 1), lines.end()};
  for (const Row& row : kRows) {
    if (has(needs, row.need)) {
      out.facts.push_back(fact_of(row, reason_in(trials, row.need), out.sandbox));
    }
  }
  return out;
}

}  // namespace blackstart::netlink
