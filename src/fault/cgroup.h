#pragma once

// Control groups as rules match them.

#include <cstdint>
#include <optional>
#include <string>

namespace blackstart {

// A cgroup below the root of the unified hierarchy, as MatchCgroup needs it.
struct CgroupId {
  std::uint64_t inode = 0;
  std::uint32_t level = 1;
  std::string path;  // "user.slice/wallet"
};

// nullopt where there is no such cgroup. `path` with or without /sys/fs/cgroup before it.
std::optional<CgroupId> find_cgroup(const std::string& path);

}  // namespace blackstart
