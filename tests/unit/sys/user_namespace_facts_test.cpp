#include "sys/user_namespace_facts.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace blackstart {
namespace {

constexpr char kClone[] = "clone(namespaces): Operation not permitted";
constexpr char kProc[] = "mount(proc, /proc): Operation not permitted";

TEST(UserNamespaceFacts, BlameTheLimitOnlyWhenItIsZero) {
  EXPECT_EQ(explain_refusal(kClone, ENOSPC, {.max_user_namespaces = 0}).remedy,
            "sudo sysctl -w user.max_user_namespaces=10000");
  EXPECT_EQ(explain_refusal(kClone, ENOSPC, {.max_user_namespaces = 100}).why,
            "this machine's limit for namespaces is reached");
}

TEST(UserNamespaceFacts, NameTheSwitchThatForbidsThemToOrdinaryUsers) {
  EXPECT_EQ(explain_refusal(kClone, EPERM, {.unprivileged_clone = 0}).remedy,
            "sudo sysctl -w kernel.unprivileged_userns_clone=1");
  EXPECT_EQ(explain_refusal(kProc, EACCES, {.unprivileged_clone = 1, .apparmor_restricts = 1}).why,
            "AppArmor keeps ordinary users out of user namespaces");
}

TEST(UserNamespaceFacts, DoNotBlameAUsersSwitchForWhatRootIsDenied) {
  const UserNamespaceFacts root{.root = true, .unprivileged_clone = 0, .apparmor_restricts = 1};
  EXPECT_EQ(explain_refusal(kClone, EPERM, root).why, "the kernel refuses a namespace here");
}

TEST(UserNamespaceFacts, TellAMaskedProcFromAFilteredContainer) {
  EXPECT_NE(explain_refusal(kProc, EPERM, {.filtered = true}).why.find("masks parts of /proc"),
            std::string::npos);
  EXPECT_EQ(explain_refusal(kClone, EPERM, {.filtered = true}).why,
            "this container may not make namespaces");
}

TEST(UserNamespaceFacts, KnowAKernelWithoutNamespaces) {
  EXPECT_EQ(explain_refusal(kClone, EINVAL, {}).why, "this kernel lacks namespaces");
  EXPECT_EQ(explain_refusal(kClone, EUSERS, {}).why, "user namespaces are nested too deeply here");
}

TEST(UserNamespaceFacts, AlwaysSayWhatToTry) {
  for (const int error : {EPERM, EACCES, ENOSPC, EINVAL, ENOSYS, EUSERS, ENOMEM, EBUSY}) {
    EXPECT_NE(explain_refusal(kClone, error, {}).remedy, "") << error;
  }
}

}  // namespace
}  // namespace blackstart
