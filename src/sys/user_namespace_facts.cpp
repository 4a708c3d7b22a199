#include "sys/user_namespace_facts.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>

namespace blackstart {
namespace {

std::optional<long> read_switch(const char* path) {
  std::ifstream file{path};
  long value = 0;
  if (file >> value) return value;
  return std::nullopt;
}

bool seccomp_filter_is_on() {
  std::ifstream status{"/proc/self/status"};
  for (std::string key; status >> key;) {
    int mode = 0;
    if (key == "Seccomp:" && status >> mode) return mode == 2;
  }
  return false;
}

Refusal explain_limit(const UserNamespaceFacts& facts) {
  if (facts.max_user_namespaces == 0L) {
    return {"user namespaces are switched off on this machine",
            "sudo sysctl -w user.max_user_namespaces=10000"};
  }
  return {"this machine's limit for namespaces is reached",
          "end what holds them, or raise it: sysctl user | grep namespaces"};
}

Refusal explain_denial(const std::string& said, const UserNamespaceFacts& facts) {
  if (!facts.root && facts.unprivileged_clone == 0L) {
    return {"user namespaces are switched off for ordinary users",
            "sudo sysctl -w kernel.unprivileged_userns_clone=1"};
  }
  if (!facts.root && facts.apparmor_restricts.value_or(0) != 0) {
    return {"AppArmor keeps ordinary users out of user namespaces",
            "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"};
  }
  if (said.starts_with("mount(proc")) {
    return {
        "this container masks parts of /proc, so no other /proc can be mounted",
        "docker run --security-opt systempaths=unconfined … (podman: --security-opt unmask=ALL)"};
  }
  if (facts.filtered) {
    return {"this container may not make namespaces",
            "docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined …"};
  }
  return {"the kernel refuses a namespace here",
          "run it on the machine itself, outside of a chroot or a container"};
}

}  // namespace

UserNamespaceFacts read_user_namespace_facts() {
  return {
      .root = ::geteuid() == 0,
      .unprivileged_clone = read_switch("/proc/sys/kernel/unprivileged_userns_clone"),
      .max_user_namespaces = read_switch("/proc/sys/user/max_user_namespaces"),
      .apparmor_restricts = read_switch("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
      .filtered = seccomp_filter_is_on()};
}

Refusal explain_refusal(const std::string& said, int error, const UserNamespaceFacts& facts) {
  switch (error) {
    case ENOSPC:
      return explain_limit(facts);
    case EUSERS:
      return {"user namespaces are nested too deeply here",
              "run it on the machine itself, outside of the containers"};
    case EINVAL:
    case ENOSYS:
      return {"this kernel lacks namespaces",
              "use a kernel built with CONFIG_USER_NS, CONFIG_NET_NS and CONFIG_PID_NS"};
    case EPERM:
    case EACCES:
      return explain_denial(said, facts);
    default:
      return {"the system is in the way", "blackstart doctor"};
  }
}

}  // namespace blackstart
