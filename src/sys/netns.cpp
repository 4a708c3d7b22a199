#include "sys/netns.h"

#include <fcntl.h>
#include <sched.h>

#include <cstdlib>

namespace blackstart {
namespace {

UniqueFd open_namespace(const std::string& path) {
  return UniqueFd{check("open(" + path + ")", ::open(path.c_str(), O_RDONLY | O_CLOEXEC))};
}

}  // namespace

UniqueFd open_own_netns() { return open_namespace("/proc/thread-self/ns/net"); }

UniqueFd open_netns(const std::string& name_or_path) {
  const bool is_path = name_or_path.find('/') != std::string::npos;
  return open_namespace(is_path ? name_or_path : "/run/netns/" + name_or_path);
}

UniqueFd open_netns_of(int pid) {
  return open_namespace("/proc/" + std::to_string(pid) + "/ns/net");
}

NetnsGuard::NetnsGuard(const UniqueFd& target) : home_{open_own_netns()} {
  check("setns(target netns)", ::setns(target.get(), CLONE_NEWNET));
}

NetnsGuard::~NetnsGuard() {
  if (::setns(home_.get(), CLONE_NEWNET) != 0) std::abort();
}

}  // namespace blackstart
