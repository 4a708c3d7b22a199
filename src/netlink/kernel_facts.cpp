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
#include <system_error>
#include <utility>

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
};

// Runs `work` in a child of ours and returns what it wrote and its exit code.
template <class Work>
std::pair<int, std::string> in_child(Work work) {
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
  return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), std::move(text)};
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

// One line a trial: the need's number, then a reason where it failed.
int try_all(Needs needs, int out) {
  if (const int error = enter_throw_away_namespace(0); error != 0) return error;
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

// The reason that `text` has for a need; nullopt where the trial never came to it.
std::optional<std::string> line_of(const std::string& text, Needs need) {
  const std::string number = std::to_string(static_cast<std::uint32_t>(need));
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    if (line == number) return std::string{};
    if (line.starts_with(number + ' ')) return line.substr(number.size() + 1);
    at = end + 1;
  }
  return std::nullopt;
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

KernelFact sandbox_fact() {
  KernelFact fact{.need = Needs::nothing, .name = "sandbox", .ok = true, .why = {}, .remedy = {}};
  const auto [error, text] =
      in_child([](int) { return enter_throw_away_namespace(CLONE_NEWNS | CLONE_NEWPID); });
  if (error == 0) return fact;
  const auto refusal =
      explain_refusal(std::system_error{error, std::system_category(), "unshare()"}.what(), error,
                      read_user_namespace_facts());
  fact.ok = false;
  fact.why = refusal.why;
  fact.remedy = refusal.remedy;
  return fact;
}

}  // namespace

const KernelFact* KernelFacts::find(Needs need) const {
  const auto found = std::ranges::find(facts, need, &KernelFact::need);
  return found == facts.end() ? nullptr : &*found;
}

KernelFacts probe_kernel(Needs needs) {
  KernelFacts out;
  out.host = host_fact();
  out.sandbox = sandbox_fact();
  if ((needs & kKernelNeeds) == Needs::nothing) return out;

  const auto [error, text] = in_child([needs](int fd) { return try_all(needs, fd); });
  for (const Row& row : kRows) {
    if (!has(needs, row.need)) continue;
    KernelFact fact{.need = row.need, .name = row.name, .ok = false, .why = {}, .remedy = {}};
    const auto reason = line_of(text, row.need);
    fact.ok = reason && reason->empty();
    if (reason) {
      fact.why = *reason;
    } else {
      fact.why =
          "it could not be tried: " + (out.sandbox.ok ? "the trial ended early" : out.sandbox.why);
    }
    if (!fact.ok) fact.remedy = reason ? row.remedy : out.sandbox.remedy;
    out.facts.push_back(std::move(fact));
  }
  return out;
}

}  // namespace blackstart::netlink
