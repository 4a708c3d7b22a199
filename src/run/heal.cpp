#include "run/heal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <filesystem>
#include <iterator>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "fault/devices.h"
#include "netlink/link.h"
#include "netlink/nft_owner.h"
#include "sys/fd.h"
#include "sys/netns.h"
#include "sys/process_tree.h"
#include "sys/text_file.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

struct Namespace {
  std::string where;
  UniqueFd fd;
};

// Opens `path` where it may be opened and is none of those `seen`.
void add_namespace(std::vector<Namespace>& out, std::set<ino_t>& seen, const fs::path& path,
                   std::string where) {
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  struct stat found {};
  if (!fd || ::fstat(fd.get(), &found) != 0 || !seen.insert(found.st_ino).second) return;
  out.push_back({std::move(where), std::move(fd)});
}

template <class Visit>
void for_each_in(const char* folder, Visit visit) {
  std::error_code error;  // a folder that is not there has nothing in it
  for (fs::directory_iterator at{folder, error}, end; !error && at != end; at.increment(error)) {
    visit(at->path());
  }
}

std::vector<Namespace> namespaces_within(Reach reach) {
  std::vector<Namespace> out;
  std::set<ino_t> seen;
  add_namespace(out, seen, "/proc/thread-self/ns/net", "this namespace");
  if (reach == Reach::this_namespace) return out;
  for_each_in("/run/netns", [&](const fs::path& path) {
    add_namespace(out, seen, path, "netns " + path.filename().string());
  });
  for_each_in("/proc", [&](const fs::path& path) {
    const std::string name = path.filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) return;
    add_namespace(out, seen, path / "ns/net", "pid " + name);
  });
  return out;
}

std::string command_of(int pid) {
  std::string text = read_text("/proc/" + std::to_string(pid) + "/cmdline").value_or("");
  while (text.ends_with('\0')) text.pop_back();
  std::ranges::replace(text, '\0', ' ');
  return text;
}

std::string table_text(const netlink::FoundTable& table) {
  return (table.family == netlink::Family::inet ? "inet " : "netdev ") + table.name;
}

std::vector<std::string> own_devices(netlink::RouteSocket& route) {
  std::vector<std::string> names;
  for (const netlink::Link& link : route.links()) {
    if (is_own_device(link)) names.push_back(link.name);
  }
  return names;
}

// nullopt where there is nothing, or the namespace may not be looked into.
std::optional<InForce> look_into(const Namespace& one) {
  try {
    InForce found;
    found.where = one.where;
    const NetnsGuard inside{one.fd};
    for (const netlink::FoundTable& table : netlink::NftOwner::find_tables()) {
      found.tables.push_back(table_text(table));
      if (table.pid) found.pid = *table.pid;
    }
    netlink::RouteSocket route;
    found.devices = own_devices(route);
    if (found.tables.empty() && found.devices.empty()) return std::nullopt;
    if (found.pid != 0) found.command = command_of(found.pid);
    return found;
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

bool is_this_program(int pid) {
  std::error_code error;
  const fs::path theirs = fs::read_symlink("/proc/" + std::to_string(pid) + "/exe", error);
  if (error) return false;
  const fs::path ours = fs::read_symlink("/proc/self/exe", error);
  return theirs == ours || theirs.filename().string().starts_with("blackstart");
}

// `blackstart run …`, or another that injects.
bool is_run(int pid) {
  const std::string words = read_text("/proc/" + std::to_string(pid) + "/cmdline").value_or("");
  const std::size_t verb = words.find('\0') + 1;
  const std::string_view second =
      std::string_view{words}.substr(verb, words.find('\0', verb) - verb);
  return (second == "run" || second == "inject" || second == "demo") && is_this_program(pid);
}

// Of the others neither the process itself nor one that it has started, in a sandbox, has a table.
std::vector<InForce> runs_beside(const std::vector<InForce>& found) {
  std::set<int> known{::getpid()};
  for (const InForce& one : found) {
    for (int pid = one.pid; pid > 0; pid = parent_of(pid)) known.insert(pid);
  }
  std::vector<InForce> out;
  for (const ProcessName& process : all_processes()) {
    if (known.contains(process.pid) || !is_run(process.pid)) continue;
    int above = parent_of(process.pid);
    while (above > 0 && !is_run(above)) above = parent_of(above);
    if (above == 0) out.push_back({"", process.pid, command_of(process.pid), {}, {}});
  }
  return out;
}

// Waits until the process has ended; false: it has not.
bool gone_within(const UniqueFd& process, Duration span) {
  pollfd waiting{process.get(), POLLIN, 0};
  const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(span);
  return ::poll(&waiting, 1, static_cast<int>(patience.count())) > 0;
}

bool send_signal(const UniqueFd& process, int signal) {
  return ::syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0) == 0;
}

void end_run(const InForce& run, Duration grace, Healed& healed) {
  const std::string name = "the run of pid " + std::to_string(run.pid) + " (" + run.command + ")";
  const UniqueFd process{static_cast<int>(::syscall(SYS_pidfd_open, run.pid, 0))};
  if (!process) {
    if (errno != ESRCH) healed.remains.push_back(name + " could not be reached");
    return;
  }
  // Asked only now: the number cannot be another process's any more.
  if (!is_this_program(run.pid)) {
    healed.remains.push_back("in " + run.where + " a table is held by pid " +
                             std::to_string(run.pid) + " (" + run.command +
                             "), which is not blackstart");
    return;
  }
  if (!send_signal(process, SIGTERM)) {
    healed.remains.push_back(name + " may not be ended by this user");
    return;
  }
  if (gone_within(process, grace)) {
    healed.done.push_back("ended " + name);
    return;
  }
  send_signal(process, SIGKILL);
  if (gone_within(process, std::chrono::seconds{2})) {
    healed.done.push_back("killed " + name + ", which did not end by itself");
  } else {
    healed.remains.push_back(name + " cannot be ended");
  }
}

// What is inert: devices in a namespace where no table of ours is.
void sweep(const Namespace& one, Healed& healed) {
  const auto found = look_into(one);
  if (!found) return;
  if (!found->tables.empty()) {
    if (found->pid == 0) {
      healed.remains.push_back("in " + one.where + " the table " + found->tables.front() +
                               " belongs to no run");
    }
    return;
  }
  try {
    const NetnsGuard inside{one.fd};
    netlink::RouteSocket route;
    for (const std::string& name : found->devices) {
      // The other end of a pair has gone with the first.
      if (route.find_link(name)) route.remove(name);
      healed.done.push_back("removed " + name + " from " + one.where);
    }
  } catch (const std::system_error& failure) {
    healed.remains.push_back(std::string{failure.what()} + " (" + one.where + ")");
  }
}

std::vector<InForce> found_in(const std::vector<Namespace>& namespaces, Reach reach) {
  std::vector<InForce> out;
  for (const Namespace& one : namespaces) {
    if (auto found = look_into(one)) out.push_back(std::move(*found));
  }
  if (reach == Reach::machine) std::ranges::move(runs_beside(out), std::back_inserter(out));
  return out;
}

}  // namespace

std::vector<InForce> status(Reach reach) { return found_in(namespaces_within(reach), reach); }

Healed heal(Duration grace, Reach reach) {
  Healed healed;
  const std::vector<Namespace> namespaces = namespaces_within(reach);
  std::set<int> ended{0, ::getpid()};
  for (const InForce& run : found_in(namespaces, reach)) {
    if (ended.insert(run.pid).second) end_run(run, grace, healed);
  }
  for (const Namespace& one : namespaces) sweep(one, healed);
  return healed;
}

}  // namespace blackstart
