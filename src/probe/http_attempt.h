#pragma once

// One HTTP sample in flight.

#include <curl/curl.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "probe/attempt.h"
#include "probe/http_judge.h"
#include "probe/http_reason.h"
#include "probe/http_request.h"
#include "probe/lookup.h"

namespace blackstart {

// Everything an http probe was told; outlives its attempts.
struct HttpPlan {
  HttpRequest request;
  HttpJudge expect, truth;
};

class HttpAttempt final : public Attempt {
 public:
  HttpAttempt(std::shared_ptr<const HttpPlan> plan, ProbeHost& host, Duration timeout, Done done);
  ~HttpAttempt() override;

 private:
  struct Callbacks;  // libcurl's C callbacks
  struct TransferDeleter {
    void operator()(CURL* transfer) const { ::curl_easy_cleanup(transfer); }
  };
  struct ListDeleter {
    void operator()(curl_slist* list) const { ::curl_slist_free_all(list); }
  };
  using Transfer = std::unique_ptr<CURL, TransferDeleter>;
  using List = std::unique_ptr<curl_slist, ListDeleter>;

  void begin() override;
  CheckResult timed_out() override;

  void resolve();
  void transfer(const std::vector<Address>& addresses);
  void set_request();
  void set_trust();
  void set_addresses(const std::vector<Address>& addresses);
  void transferred(int code);
  void judge_answer();
  CheckResult failed_transfer(int code) const;
  HttpStage stage() const;
  bool any_established() const;
  CheckPhases phases() const;
  void append(List& list, const std::string& text);
  std::size_t take_body(const char* data, std::size_t size);
  std::size_t take_header(std::string_view line);

  std::shared_ptr<const HttpPlan> plan_;
  std::optional<NameLookup> lookup_;
  Duration resolved_after_{};
  bool may_connect_ = false;        // false: only a kept connection will do
  bool wanted_to_connect_ = false;  // and there was none
  HttpEngine* engine_ = nullptr;    // the one that has transfer_
  Transfer transfer_;
  List headers_, addresses_;
  std::vector<std::pair<int, std::uint64_t>> sockets_;  // opened for it, with their identities
  std::array<char, CURL_ERROR_SIZE> error_{};
  HttpAnswer answer_;
  std::size_t body_bytes_ = 0, header_bytes_ = 0;
  bool body_too_long_ = false;
};

}  // namespace blackstart
