// covers serve/listen_address, serve/host_lookup

// Names to listen on, with a name server that says nothing.

#include <gtest/gtest.h>
#include <sys/mount.h>

#include <thread>

#include "serve/listen_address.h"
#include "serve/socket.h"
#include "support/kernel_test.h"
#include "support/temp_files.h"

namespace blackstart::test {
namespace {

class ListenNames : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    loopback_up();
    silent_ = open_udp_listener({parse_address("127.0.0.1").value(), 53});
  }

  // On a thread whose /etc has no names; lookups' threads are born into it.
  template <class Act>
  void without_names(Act act) {
    std::thread{[&] {
      check("unshare()", ::unshare(CLONE_NEWNS));
      check("mount(private)", ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr));
      put("/etc/hosts", "");
      put("/etc/resolv.conf", "nameserver 127.0.0.1\noptions timeout:5 attempts:1\n");
      act();
    }}.join();
  }

  static std::string refusal(const std::string& listen) {
    try {
      return resolve_listen(listen).text;
    } catch (const BadListenAddress& bad) {
      return bad.what();
    }
  }

 private:
  void put(const char* path, const std::string& text) {
    const std::string file = dir_.write(path + sizeof "/etc", text);
    check("mount(bind)", ::mount(file.c_str(), path, nullptr, MS_BIND, nullptr));
  }

  TempDir dir_;
  UniqueFd silent_;
};

TEST_F(ListenNames, ANameThatNobodyAnswersForIsGivenUp) {
  without_names([] { EXPECT_EQ(refusal("a.test:80"), "lookup a.test: i/o timeout"); });
}

TEST_F(ListenNames, LocalhostAndNumbersAskNobody) {
  without_names([] {
    EXPECT_EQ(refusal("localhost:80"), "127.0.0.1:80");
    EXPECT_EQ(refusal("[::1]:80"), "[::1]:80");
    EXPECT_EQ(refusal(":80"), "[::]:80");
  });
}

}  // namespace
}  // namespace blackstart::test
