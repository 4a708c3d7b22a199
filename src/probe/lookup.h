#pragma once

// Names to addresses, as a stub resolver finds them.

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "blackstart/address.h"
#include "probe/dns_exchange.h"
#include "probe/host.h"
#include "probe/lifeline.h"

namespace blackstart {

// Addresses, best first; or none and the reason: "name does not exist (NXDOMAIN)".
struct LookupResult {
  std::vector<Address> addresses;
  std::string failure;
};

// One lookup, with glibc's habits: a literal address is itself; then hosts(5); then A and AAAA
// are asked at the same time and both are waited for; servers are asked in turn, `attempts`
// rounds of `timeout` each; SERVFAIL, REFUSED, NOTIMP and answers of servers that do not
// recurse go on to the next server at once, NXDOMAIN and NODATA don't. Nothing is cached.
//
// A resolver of our own because it has to act in another network namespace, on another
// resolv.conf, see what glibc sees, and say which rcode it was: c-ares 1.18 reports SERVFAIL
// from all servers as a refused connection.
class NameLookup {
 public:
  using Done = std::function<void(LookupResult)>;

  // `done` is called once, from the loop, never from here. It may destroy the lookup.
  // Destroying it ends it.
  NameLookup(ProbeHost& host, std::string name, Done done);
  ~NameLookup();

  // What it has been waiting for, when the owner's patience ends: "resolver timed out (no
  // answer to AAAA from 127.0.0.53:53)".
  std::string waiting_for() const;

 private:
  class Family;  // the questions for A, or for AAAA

  void begin();
  void ask_next_name();
  void family_done();
  void finish(LookupResult result);

  ProbeHost& host_;
  std::string name_;
  Done done_;
  StubConfig config_;
  std::vector<std::string> names_;  // still to be asked, the next one last
  std::vector<std::unique_ptr<Family>> families_;
  std::string failure_;  // of the name as it was written, or else the first
  Lifeline lifeline_;
};

// The addresses of the answer to `question` that follow from its name by CNAMEs in order.
std::vector<Address> addresses_in(dns::Bytes answer, const dns::Question& question);

// What an answer without addresses means: "name does not exist (NXDOMAIN)".
std::string words_of_rcode(dns::Rcode rcode);

}  // namespace blackstart
