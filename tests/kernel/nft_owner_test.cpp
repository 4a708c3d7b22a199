// Owning tables, arming their sets, and what becomes of both when the owner goes.
// covers netlink/nft_batch
// covers netlink/owner_process
// covers netlink/socket

#include "netlink/nft_owner.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/if_ether.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "support/kernel_test.h"
#include "support/rulesets.h"
#include "support/udp.h"

namespace blackstart::netlink {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kPort = 9'999;

// UDP to kPort is dropped on its way in, while `armed` holds.
Ruleset drop_when_armed() {
  Rule rule{{MatchProtocolSet{"armed"}, MatchL4{{L4::udp}},
             MatchPort{Side::destination, {{kPort, kPort}}}, Count{"hits"}, Drop{}},
            "test"};
  Chain chain{"in", BaseChain{ChainType::filter, Hook::input, 0, {}}, {std::move(rule)}};
  return {{Table{.family = Family::inet,
                 .counters = {{"hits"}},
                 .sets = {armed_set("armed")},
                 .chains = {std::move(chain)}}}};
}

const std::vector<SetArm> kOn{{Family::inet, "armed", true}};
const std::vector<SetArm> kOff{{Family::inet, "armed", false}};

bool table_exists() { return shell("nft list table inet blackstart").status == 0; }

// A child that owns the tables, and says so through a pipe; it then waits to be killed.
class OwnerProcess {
 public:
  explicit OwnerProcess(const std::function<void()>& before_ready = [] {}) {
    int ends[2];
    check("pipe", ::pipe2(ends, O_CLOEXEC));
    const UniqueFd read_end{ends[0]};
    UniqueFd write_end{ends[1]};
    pid_ = check("fork", ::fork());
    if (pid_ == 0) {
      NftOwner owner;
      owner.load(drop_when_armed());
      before_ready();
      static_cast<void>(!::write(write_end.get(), "!", 1));
      for (;;) ::pause();
    }
    write_end.reset();
    char ready = 0;
    check("read(child)", ::read(read_end.get(), &ready, 1));
  }
  ~OwnerProcess() { kill(); }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  int pid() const { return pid_; }

 private:
  int pid_ = 0;
};

class NftOwnerTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) loopback_up();
  }
};

TEST_F(NftOwnerTest, TablesVanishWhenTheOwnerCloses) {
  NftOwner owner;
  owner.load(drop_when_armed());
  EXPECT_TRUE(table_exists());
  owner.close();
  EXPECT_FALSE(table_exists());
}

TEST_F(NftOwnerTest, TablesVanishWhenTheOwnerIsKilled) {
  OwnerProcess process;
  EXPECT_TRUE(table_exists());
  process.kill();
  EXPECT_FALSE(table_exists());
}

TEST_F(NftOwnerTest, AChildThatOutlivesTheOwnerDoesNotKeepTheTables) {
  OwnerProcess process{[] {
    if (::fork() == 0) ::execlp("sleep", "bs-outlives", "20", nullptr);
    wait(100ms);
  }};
  ASSERT_EQ(shell("pgrep -x -P " + std::to_string(process.pid()) + " sleep").status, 0);
  const std::string child = shell("pgrep -P " + std::to_string(process.pid())).output;
  process.kill();
  EXPECT_EQ(shell("kill -0 " + child).status, 0) << "the child is gone as well";
  EXPECT_FALSE(table_exists());
  shell("kill -9 " + child);
}

// The kernel takes milliseconds to close a packet socket: the tables must not wait for them.
TEST_F(NftOwnerTest, OfAKilledProcessTheTablesVanishBeforeAnyOtherFileIsClosed) {
  int ends[2];
  check("pipe", ::pipe2(ends, O_CLOEXEC));
  const UniqueFd end_of_file{ends[0]};
  UniqueFd held{ends[1]};
  const OwnerProcess process{[&held] {
    for (int i = 0; i < 20; ++i) {
      check("socket", ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL)));
    }
    check("fcntl", ::fcntl(held.get(), F_DUPFD_CLOEXEC, 0));
    held.reset();  // but for the copy, which was opened last
  }};
  held.reset();
  EXPECT_FALSE(NftOwner::find_tables().empty());
  ::kill(process.pid(), SIGKILL);
  char none = 0;
  EXPECT_EQ(::read(end_of_file.get(), &none, 1), 0);
  EXPECT_TRUE(NftOwner::find_tables().empty());
}

TEST_F(NftOwnerTest, NobodyElseCanChangeTheTables) {
  NftOwner owner;
  owner.load(drop_when_armed());
  EXPECT_EQ(shell("nft flush ruleset").status, 0);
  EXPECT_TRUE(table_exists());
  EXPECT_NE(shell("nft delete table inet blackstart").status, 0);
  EXPECT_NE(shell("nft add rule inet blackstart in accept").status, 0);
  EXPECT_NE(shell("nft flush chain inet blackstart in").status, 0);
  EXPECT_NE(shell("nft add element inet blackstart armed '{ ip timeout 3s }'").status, 0);
}

TEST_F(NftOwnerTest, ASecondOwnerIsToldWhoTheFirstIs) {
  OwnerProcess first;
  NftOwner second;
  try {
    second.load(drop_when_armed());
    FAIL() << "two owners of one table";
  } catch (const TableTaken& taken) {
    EXPECT_EQ(taken.table().owner, static_cast<std::uint32_t>(first.pid()));
    EXPECT_EQ(taken.table().pid, first.pid());
    EXPECT_EQ(taken.code().value(), EPERM);
  }
  first.kill();
  second.load(drop_when_armed());
  EXPECT_TRUE(table_exists());
}

TEST_F(NftOwnerTest, AStrayTableWithoutAnOwnerIsNotTakenOver) {
  ASSERT_EQ(shell("nft add table inet blackstart").status, 0);
  NftOwner owner;
  try {
    owner.load(drop_when_armed());
    FAIL() << "took over a table that is not ours";
  } catch (const TableTaken& taken) {
    EXPECT_EQ(taken.table().owner, 0u);
    EXPECT_EQ(taken.table().pid, std::nullopt);
  }
}

TEST_F(NftOwnerTest, FindsTablesAndTheProcessThatOwnsThemFromAnyNamespace) {
  EXPECT_TRUE(NftOwner::find_tables().empty());
  const OtherNetns other;
  NftOwner owner{other.fd()};
  owner.load({{every_inet_table()}});
  EXPECT_TRUE(NftOwner::find_tables().empty());
  const auto found = NftOwner::find_tables(other.fd());
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].family, Family::inet);
  EXPECT_EQ(found[0].owner, owner.port());
  EXPECT_EQ(found[0].pid, ::getpid());
  EXPECT_TRUE(NftOwner::find_tables(other.fd(), "other").empty());
}

TEST_F(NftOwnerTest, OurPortIsOurProcessIdUnlessItIsTaken) {
  NftOwner first, second;
  EXPECT_EQ(first.port(), static_cast<std::uint32_t>(::getpid()));
  EXPECT_NE(second.port(), first.port());
  second.load(drop_when_armed());
  EXPECT_EQ(NftOwner::find_tables().at(0).pid, ::getpid());
}

TEST_F(NftOwnerTest, LoadingAgainReplacesWhatWasLoaded) {
  NftOwner owner;
  owner.load({{every_inet_table()}});
  owner.load(drop_when_armed());
  EXPECT_EQ(shell("nft list ruleset").output.find("other_hits"), std::string::npos);
  EXPECT_EQ(owner.counters().size(), 1u);
  owner.load({});
  EXPECT_FALSE(table_exists());
}

TEST_F(NftOwnerTest, ARefusalNamesTheRuleAndChangesNothing) {
  NftOwner owner;
  owner.load(drop_when_armed());
  Ruleset wrong = drop_when_armed();
  wrong.tables[0].chains[0].rules.push_back({{Count{"no_such_counter"}}, ""});
  try {
    owner.load(wrong);
    FAIL() << "a rule about nothing was taken";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENOENT);
    EXPECT_NE(std::string{error.what()}.find("rule 2 of chain in of inet blackstart"),
              std::string::npos)
        << error.what();
  }
  EXPECT_TRUE(table_exists());
  owner.arm(kOn);
  EXPECT_EQ(owner.counters().at("hits"), CounterValue{});
}

TEST_F(NftOwnerTest, ADeviceThatDoesNotExistIsNamed) {
  NftOwner owner;
  try {
    owner.load({{every_netdev_table()}});
    FAIL() << "forwarded to a device that does not exist";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), ENODEV);
    EXPECT_NE(std::string{error.what()}.find("bs0"), std::string::npos) << error.what();
  }
}

TEST_F(NftOwnerTest, RulesMatchWhileArmedAndOnlyThen) {
  const UdpSocket receiver{"127.0.0.1", kPort}, sender;
  NftOwner owner;
  owner.load(drop_when_armed());
  sender.send("127.0.0.1", kPort);
  EXPECT_TRUE(receiver.receives());
  owner.arm(kOn);
  sender.send("127.0.0.1", kPort);
  EXPECT_FALSE(receiver.receives());
  owner.arm(kOff);
  sender.send("127.0.0.1", kPort);
  EXPECT_TRUE(receiver.receives());
  EXPECT_EQ(owner.counters().at("hits"), (CounterValue{1, 29}));
}

TEST_F(NftOwnerTest, AnotherSetIsRefusedAsAMistakeOfOurs) {
  NftOwner owner;
  owner.load(drop_when_armed());
  EXPECT_THROW(owner.arm({{{Family::inet, "armed_9", true}}}), std::invalid_argument);
  EXPECT_THROW(owner.arm({{{Family::netdev, "armed", true}}}), std::invalid_argument);
}

TEST_F(NftOwnerTest, WithoutAHeartbeatTheKernelLiftsByItself) {
  const UdpSocket receiver{"127.0.0.1", kPort}, sender;
  NftOwner owner;
  owner.load(drop_when_armed());
  owner.arm(kOn, 300ms);
  sender.send("127.0.0.1", kPort);
  EXPECT_FALSE(receiver.receives(10ms));
  wait(350ms);
  sender.send("127.0.0.1", kPort);
  EXPECT_TRUE(receiver.receives());
}

TEST_F(NftOwnerTest, TheHeartbeatRenewsWithoutAGap) {
  const UdpSocket receiver{"127.0.0.1", kPort}, sender;
  NftOwner owner;
  owner.load(drop_when_armed());
  owner.arm(kOn, 200ms);
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> sent = 0;
  std::thread traffic{[&] {
    while (!stop) sent += sender.send("127.0.0.1", kPort) == 0 ? 1u : 0u;
  }};
  for (int i = 0; i < 40; ++i) {  // three timeouts' worth
    owner.arm(kOn, 200ms);
    wait(15ms);
  }
  stop = true;
  traffic.join();
  EXPECT_FALSE(receiver.receives(0ms));
  EXPECT_GT(sent.load(), 1'000u);
  EXPECT_EQ(owner.counters().at("hits").packets, sent.load());
}

}  // namespace
}  // namespace blackstart::netlink
