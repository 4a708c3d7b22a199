#include "probe/lookup.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <algorithm>

#include "dns/record.h"
#include "probe/address_order.h"

namespace blackstart {
namespace {

using dns::Rcode;
using dns::Type;

// glibc asks the next server after these; any other answer is final.
bool asks_on(dns::Bytes answer, const std::vector<Address>& addresses) {
  const dns::Header header = *dns::read_header(answer);
  const Rcode rcode = header.rcode();
  if (rcode == Rcode::servfail || rcode == Rcode::refused || rcode == Rcode::notimp) return true;
  const bool lame = !header.has(dns::Header::kRa) && !header.has(dns::Header::kAa);
  return rcode == Rcode::noerror && addresses.empty() && lame;
}

std::optional<Address> address_of(dns::Bytes rdata, Type type) {
  Address address{.v6 = type == Type::aaaa, .bytes = {}};
  if (rdata.size() != (address.v6 ? 16U : 4U)) return std::nullopt;
  std::ranges::copy(rdata, address.bytes.begin());
  return address;
}

std::string lower_case(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

}  // namespace

std::vector<Address> addresses_in(dns::Bytes answer, const dns::Question& question) {
  std::vector<Address> found;
  dns::Name wanted = question.name;
  dns::RecordCursor records{answer};
  while (const auto record = records.next()) {
    dns::Name owner;
    if (record->section != dns::Section::answer || !dns::read_name(answer, record->owner, owner) ||
        !dns::same_name(owner, wanted)) {
      continue;
    }
    if (record->type == Type::cname) {
      if (!dns::read_name(answer, record->rdata, wanted)) break;
    } else if (record->type == question.type) {
      if (const auto address = address_of(record->rdata_in(answer), record->type)) {
        found.push_back(*address);
      }
    }
  }
  return found;
}

std::string words_of_rcode(Rcode rcode) {
  switch (rcode) {
    case Rcode::noerror:
      return "no address for name (NODATA)";
    case Rcode::nxdomain:
      return "name does not exist (NXDOMAIN)";
    case Rcode::servfail:
      return "resolver failed (SERVFAIL)";
    case Rcode::refused:
      return "resolver refused (REFUSED)";
    default:
      return "resolver answered " + dns::rcode_text(rcode);
  }
}

// Asks one type of one name, server after server. Earlier tries stay open, so that a late
// answer still counts.
class NameLookup::Family {
 public:
  Family(NameLookup& lookup, const dns::Name& name, Type type)
      : lookup_{lookup}, question_{name, type}, timer_{lookup.host_.loop()} {
    try_next();
  }

  bool done() const { return done_; }

  std::string waiting_for() const {
    std::string words =
        "no answer to " + dns::type_text(question_.type) + " from " + to_text(server_.endpoint);
    std::uint64_t strangers = 0;
    for (const auto& exchange : exchanges_) strangers += exchange->strangers();
    if (strangers != 0) words += ", only replies that do not fit the question";
    return words;
  }

  std::vector<Address> addresses;
  std::string failure;

 private:
  void try_next() {
    const std::size_t servers = lookup_.config_.servers.size();
    if (tried_ == servers * static_cast<std::size_t>(lookup_.config_.attempts)) {
      if (failure.empty()) failure = "resolver timed out (" + waiting_for() + ")";
      return finish();
    }
    server_ = lookup_.config_.servers[tried_++ % servers];
    timer_.expires_after(lookup_.config_.timeout);
    timer_.async_wait(lifeline_.bind([this](const boost::system::error_code& error) {
      if (!error) try_next();
    }));
    exchanges_.push_back(std::make_unique<DnsExchange>(
        lookup_.host_, server_, question_,
        lifeline_.bind([this](DnsOutcome outcome) { take(std::move(outcome)); })));
  }

  void take(DnsOutcome outcome) {
    if (done_) return;
    if (outcome.answer.empty()) {
      failure = "resolver " + to_text(server_.endpoint) + ": " + outcome.failure;
      return try_next();
    }
    addresses = addresses_in(outcome.answer, question_);
    const Rcode rcode = dns::read_header(outcome.answer)->rcode();
    if (addresses.empty()) failure = words_of_rcode(rcode);
    if (asks_on(outcome.answer, addresses)) return try_next();
    finish();
  }

  void finish() {
    done_ = true;
    timer_.cancel();
    lookup_.family_done();
  }

  NameLookup& lookup_;
  dns::Question question_;
  boost::asio::steady_timer timer_;
  Nameserver server_;
  std::size_t tried_ = 0;
  bool done_ = false;
  std::vector<std::unique_ptr<DnsExchange>> exchanges_;
  Lifeline lifeline_;
};

NameLookup::NameLookup(ProbeHost& host, std::string name, Done done)
    : host_{host}, name_{std::move(name)}, done_{std::move(done)} {
  begin();
}

void NameLookup::begin() {
  if (const auto literal = parse_address(name_)) return finish({{*literal}, {}});
  const HostTable& hosts = host_.stub_files().hosts();
  if (const auto known = hosts.find(lower_case(name_)); known != hosts.end()) {
    return finish({known->second, {}});
  }
  config_ = host_.stub_files().config();
  names_ = names_to_ask(config_, name_);
  std::ranges::reverse(names_);
  ask_next_name();
}

NameLookup::~NameLookup() = default;

void NameLookup::ask_next_name() {
  if (names_.empty()) return finish({{}, failure_});
  const std::optional<dns::Name> name = dns::Name::from_text(names_.back());
  names_.pop_back();
  families_.clear();
  if (!name) {
    if (failure_.empty()) failure_ = "not a name that DNS can ask for";
    return ask_next_name();
  }
  families_.push_back(std::make_unique<Family>(*this, *name, Type::a));
  families_.push_back(std::make_unique<Family>(*this, *name, Type::aaaa));
}

void NameLookup::family_done() {
  const auto done = [](const auto& family) { return family->done(); };
  if (families_.size() < 2 || !std::ranges::all_of(families_, done)) return;
  std::vector<Address> addresses = families_[1]->addresses;
  const std::vector<Address>& v4 = families_[0]->addresses;
  addresses.insert(addresses.end(), v4.begin(), v4.end());
  if (!addresses.empty()) return finish({order_addresses(host_, std::move(addresses)), {}});
  if (failure_.empty()) failure_ = families_[0]->failure;
  // The families are on the stack now: go on from the loop.
  boost::asio::post(host_.loop(), lifeline_.bind([this] { ask_next_name(); }));
}

std::string NameLookup::waiting_for() const {
  for (const auto& family : families_) {
    if (!family->done()) return "resolver timed out (" + family->waiting_for() + ")";
  }
  return failure_.empty() ? "resolver timed out" : failure_;
}

void NameLookup::finish(LookupResult result) {
  boost::asio::post(host_.loop(), lifeline_.bind([this, result = std::move(result)]() mutable {
    const Done done = std::move(done_);
    done(std::move(result));
  }));
}

}  // namespace blackstart
