#include "fault/cgroup.h"

#include <sys/stat.h>

#include <algorithm>
#include <string_view>

namespace blackstart {

std::optional<CgroupId> find_cgroup(const std::string& path) {
  constexpr std::string_view kRoot = "/sys/fs/cgroup";
  std::string below = path;
  if (below.starts_with(kRoot)) below.erase(0, kRoot.size());
  while (below.starts_with('/')) below.erase(0, 1);
  while (below.ends_with('/')) below.pop_back();
  // Where version 1 hierarchies are mounted too, version 2 is one below.
  for (const std::string& root : {std::string{kRoot}, std::string{kRoot} + "/unified"}) {
    struct stat found {};
    const std::string folder = root + '/' + below;
    if (::stat((folder + "/cgroup.procs").c_str(), &found) != 0) continue;
    if (::stat(folder.c_str(), &found) != 0) continue;
    const auto slashes = std::ranges::count(below, '/');
    return CgroupId{.inode = found.st_ino,
                    .level = below.empty() ? 0 : static_cast<std::uint32_t>(slashes) + 1,
                    .path = below};
  }
  return std::nullopt;
}

}  // namespace blackstart
