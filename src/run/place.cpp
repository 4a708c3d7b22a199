#include "run/place.h"

#include <poll.h>

#include <charconv>
#include <filesystem>
#include <system_error>
#include <utility>

#include "core/stub_config.h"
#include "serve/resolv_conf.h"
#include "sys/netns.h"
#include "sys/process.h"
#include "sys/text_file.h"

namespace blackstart {
namespace {

// The output of a short command, or nullopt where it cannot be run or fails.
std::optional<std::string> answer_of(std::vector<std::string> argv) {
  try {
    Process process{{.argv = std::move(argv), .env = {}, .cwd = {}}};
    pollfd output{process.output_fd(), POLLIN, 0};
    while (process.take_output() && ::poll(&output, 1, 5'000) > 0) {
    }
    pollfd ended{process.exit_fd(), POLLIN, 0};
    ::poll(&ended, 1, 1'000);
    const auto status = process.poll();
    return status && status->ok() ? std::optional{process.last_output()} : std::nullopt;
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

bool in_path(const std::string& program) {
  for (const char* folder : {"/usr/bin", "/usr/local/bin", "/bin", "/snap/bin"}) {
    if (std::filesystem::exists(std::filesystem::path{folder} / program)) return true;
  }
  return false;
}

int pid_of_container(const std::string& name) {
  std::string see;
  for (const std::string client : {"docker", "podman"}) {
    if (!in_path(client)) continue;
    see += (see.empty() ? "; see: " : " or ") + client + " ps";
    const auto text = answer_of({client, "inspect", "--format", "{{.State.Pid}}", name});
    int pid = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), pid);
    if (pid > 0) return pid;
  }
  throw PlaceError{
      see.empty()
          ? "where: container needs docker or podman on this machine, and there is neither; "
            "use where: {pid: N} with the process id of the container's first process"
          : "there is no running container '" + name + "'" + see};
}

// What `open` opens; `none` is what to say where there is nothing to open.
template <class Open>
UniqueFd open_or_say(Open open, const std::string& none) {
  try {
    return open();
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::no_such_file_or_directory) throw;
    throw PlaceError{none};
  }
}

Place place_of_pid(const Where& where, int pid) {
  UniqueFd netns = open_or_say([&] { return open_netns_of(pid); },
                               "there is no process " + std::to_string(pid) + "; see: ps");
  Place place{where, std::move(netns), "/proc/" + std::to_string(pid) + "/root", {}, {}, {}};
  place.resolv_conf = place.root + "/etc/resolv.conf";
  place.hosts = place.root + "/etc/hosts";
  place.nameservers = machine_nameservers(place.root);
  return place;
}

// `ip netns exec` binds the files of /etc/netns/NAME over those of /etc.
Place place_of_netns(const Where& where) {
  UniqueFd netns =
      open_or_say([&] { return open_netns(where.name); },
                  "there is no network namespace '" + where.name + "'; see: ip netns list");
  Place place{where, std::move(netns), {}, {}, {}, {}};
  const std::string own = "/etc/netns/" + where.name;
  const auto file = [&](const std::string& name) {
    return std::filesystem::exists(own + name) ? own + name : "/etc" + name;
  };
  place.resolv_conf = file("/resolv.conf");
  place.hosts = file("/hosts");
  const auto of_its_own = read_text(own + "/resolv.conf");
  place.nameservers = of_its_own ? parse_stub_config(*of_its_own).servers : machine_nameservers();
  return place;
}

}  // namespace

Place open_place(const Where& where) {
  switch (where.kind) {
    case Where::Kind::pid:
      return place_of_pid(where, where.pid);
    case Where::Kind::container:
      return place_of_pid(where, pid_of_container(where.name));
    case Where::Kind::netns:
      return place_of_netns(where);
    case Where::Kind::host:
    case Where::Kind::sandbox:
      break;
  }
  Place place;
  place.where = where;
  place.nameservers = machine_nameservers();
  return place;
}

}  // namespace blackstart
