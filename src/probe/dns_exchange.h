#pragma once

// One question to one DNS server.

#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "dns/message.h"
#include "probe/host.h"
#include "probe/lifeline.h"
#include "probe/stub_files.h"

namespace blackstart {

// What became of it: an answer that fits the question, or why there is none.
struct DnsOutcome {
  std::vector<std::uint8_t> answer;  // a whole message; empty: `failure` says why
  std::string failure;
  bool over_tcp = false;
};

// Over UDP from a random port under a random id; over TCP again where the answer says TC
// (RFC 7766). Waits for ever: the owner brings the patience. What comes in and does not fit
// the question (wrong id, another question, garbage) is passed over and counted, as stub
// resolvers do. Destroying it ends it.
class DnsExchange {
 public:
  using Done = std::function<void(DnsOutcome)>;

  // `done` is called once, from the loop, never from here. It may destroy the exchange.
  DnsExchange(ProbeHost& host, const Nameserver& server, const dns::Question& question, Done done);

  std::uint64_t strangers() const { return strangers_; }  // datagrams passed over

 private:
  void open(int type);
  void wait_to_read();
  void read_datagrams();
  void connected();
  void write_rest();
  void read_stream();
  bool take_frame();
  void fail(int error);
  void finish(DnsOutcome outcome);

  ProbeHost& host_;
  Nameserver server_;
  Done done_;
  std::vector<std::uint8_t> question_;
  std::vector<std::uint8_t> stream_;  // over TCP: what is to be written, then what came
  std::size_t written_ = 0;
  std::uint64_t strangers_ = 0;
  bool over_tcp_ = false;
  std::optional<boost::asio::posix::stream_descriptor> socket_;
  Lifeline lifeline_;
};

}  // namespace blackstart
