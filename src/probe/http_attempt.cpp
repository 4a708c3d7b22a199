#include "probe/http_attempt.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>

#include "blackstart/limits.h"
#include "core/version.h"
#include "probe/host.h"
#include "probe/http_engine.h"
#include "probe/peer.h"

namespace blackstart {
namespace {

constexpr std::size_t kHeaderBytesMax = 64 * 1024;  // of all of an answer's headers

Duration time_info(CURL* transfer, CURLINFO which) {
  curl_off_t micros = 0;
  ::curl_easy_getinfo(transfer, which, &micros);
  return std::chrono::microseconds{micros};
}

long number_info(CURL* transfer, CURLINFO which) {
  long number = 0;
  ::curl_easy_getinfo(transfer, which, &number);
  return number;
}

template <class T>
void set(CURL* transfer, CURLoption option, T value) {
  const CURLcode code = ::curl_easy_setopt(transfer, option, value);
  if (code != CURLE_OK) throw std::runtime_error{::curl_easy_strerror(code)};
}

}  // namespace

struct HttpAttempt::Callbacks {
  static std::size_t body(char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<HttpAttempt*>(self)->take_body(data, size);
  }
  static std::size_t header(char* data, std::size_t, std::size_t size, void* self) {
    return static_cast<HttpAttempt*>(self)->take_header({data, size});
  }
  static curl_socket_t open(void* self, curlsocktype, curl_sockaddr* address) {
    auto* attempt = static_cast<HttpAttempt*>(self);
    if (!attempt->may_connect_) {
      attempt->wanted_to_connect_ = true;
      return CURL_SOCKET_BAD;
    }
    try {
      UniqueFd fd =
          attempt->host().open_socket(address->family, address->socktype, address->protocol);
      attempt->sockets_.emplace_back(fd.get(), socket_identity(fd.get()));
      return fd.release();
    } catch (const std::exception&) {
      return CURL_SOCKET_BAD;
    }
  }
};

HttpAttempt::HttpAttempt(std::shared_ptr<const HttpPlan> plan, ProbeHost& host, Duration timeout,
                         Done done)
    : Attempt{host, timeout, std::move(done)}, plan_{std::move(plan)} {}

HttpAttempt::~HttpAttempt() {
  if (transfer_) engine_->remove(transfer_.get());
}

void HttpAttempt::begin() {
  if (plan_->request.fresh) return resolve();
  transfer({});  // if no connection was kept, resolve() comes after it
}

void HttpAttempt::resolve() {
  lookup_.emplace(host(), plan_->request.host, guarded([this](LookupResult result) {
                    resolved_after_ = elapsed();
                    if (result.addresses.empty()) return finish(failed(std::move(result.failure)));
                    may_connect_ = true;
                    transfer(result.addresses);
                  }));
}

void HttpAttempt::transfer(const std::vector<Address>& addresses) {
  if (transfer_) engine_->remove(transfer_.get());
  engine_ = &host().http(plan_->request.cacert);
  transfer_.reset(::curl_easy_init());
  if (!transfer_) throw std::runtime_error{"libcurl gives no handle"};
  set_request();
  if (plan_->request.tls) set_trust();
  set_addresses(addresses);
  engine_->add(transfer_.get(), guarded([this](int code) { transferred(code); }));
}

void HttpAttempt::set_request() {
  const HttpRequest& request = plan_->request;
  CURL* const curl = transfer_.get();
  set(curl, CURLOPT_URL, request.url.c_str());
  set(curl, CURLOPT_PROTOCOLS_STR, "http,https");
  set(curl, CURLOPT_NOSIGNAL, 1L);
  set(curl, CURLOPT_PROXY, "");  // also none of the environment's: the probe's path is the user's
  set(curl, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS));
  set(curl, CURLOPT_ERRORBUFFER, error_.data());
  set(curl, CURLOPT_WRITEFUNCTION, &Callbacks::body);
  set(curl, CURLOPT_WRITEDATA, this);
  set(curl, CURLOPT_HEADERFUNCTION, &Callbacks::header);
  set(curl, CURLOPT_HEADERDATA, this);
  set(curl, CURLOPT_OPENSOCKETFUNCTION, &Callbacks::open);
  set(curl, CURLOPT_OPENSOCKETDATA, this);
  if (request.fresh) {
    set(curl, CURLOPT_FRESH_CONNECT, 1L);
    set(curl, CURLOPT_FORBID_REUSE, 1L);
    set(curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
  }
  headers_.reset();
  append(headers_, "User-Agent: blackstart/" + std::string{kVersion});
  append(headers_, "Expect:");  // no waiting for "100 Continue"
  for (const auto& [name, value] : request.headers) {
    append(headers_, value.empty() ? name + ';' : name + ": " + value);
  }
  set(curl, CURLOPT_HTTPHEADER, headers_.get());
  if (!request.body.empty()) {
    set(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    set(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  if (request.method == "HEAD") {
    set(curl, CURLOPT_NOBODY, 1L);
  } else {
    set(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
}

void HttpAttempt::set_trust() {
  CURL* const curl = transfer_.get();
  // With a directory of certificates libcurl would not remember what it has parsed.
  set(curl, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
  if (plan_->request.insecure) {
    set(curl, CURLOPT_SSL_VERIFYPEER, 0L);
    set(curl, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!plan_->request.cacert.empty()) set(curl, CURLOPT_CAINFO, plan_->request.cacert.c_str());
}

// libcurl must not resolve: it would do so in this namespace, and in a thread for each name.
void HttpAttempt::set_addresses(const std::vector<Address>& addresses) {
  if (parse_address(plan_->request.host)) return;
  std::string list;
  for (const Address& address : addresses) {
    list.append(list.empty() ? "" : ",");
    list.append(address.v6 ? '[' + to_text(address) + ']' : to_text(address));
  }
  // A kept connection is found by the name; the address here is never connected to.
  if (list.empty()) list = "0.0.0.0";
  addresses_.reset();
  append(addresses_, plan_->request.host + ':' + std::to_string(plan_->request.port) + ':' + list);
  set(transfer_.get(), CURLOPT_RESOLVE, addresses_.get());
}

void HttpAttempt::append(List& list, const std::string& text) {
  curl_slist* const longer = ::curl_slist_append(list.get(), text.c_str());
  if (longer == nullptr) throw std::bad_alloc{};
  static_cast<void>(list.release());
  list.reset(longer);
}

std::size_t HttpAttempt::take_body(const char* data, std::size_t size) {
  body_bytes_ += size;
  body_too_long_ = body_bytes_ > limits::probe_body_bytes_max;
  if (body_too_long_) return 0;  // ends the transfer
  if (plan_->expect.looks_at_body() || plan_->truth.looks_at_body()) {
    answer_.body.append(data, size);
  }
  return size;
}

std::size_t HttpAttempt::take_header(std::string_view line) {
  if (line.starts_with("HTTP/")) answer_.headers.clear();  // "100 Continue" came before it
  header_bytes_ += line.size();
  if (header_bytes_ > kHeaderBytesMax) return 0;  // ends the transfer
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return line.size();
  std::string_view value = line.substr(colon + 1);
  const std::size_t first = value.find_first_not_of(" \t\r\n");
  const std::size_t last = value.find_last_not_of(" \t\r\n");
  value = first == std::string_view::npos ? "" : value.substr(first, last - first + 1);
  answer_.headers.emplace_back(line.substr(0, colon), value);
  return line.size();
}

void HttpAttempt::transferred(int code) {
  const bool nobody_looks = !plan_->expect.looks_at_body() && !plan_->truth.looks_at_body();
  if (wanted_to_connect_ && !may_connect_) return resolve();
  if (code == CURLE_OK || (body_too_long_ && nobody_looks)) return judge_answer();
  if (body_too_long_) {
    return finish(failed("body of more than " +
                         std::to_string(limits::probe_body_bytes_max / 1024) +
                         " KiB, which is all that a probe reads"));
  }
  if (header_bytes_ > kHeaderBytesMax) return finish(failed("headers of more than 64 KiB"));
  finish(failed_transfer(code));
}

void HttpAttempt::judge_answer() {
  answer_.status = static_cast<int>(number_info(transfer_.get(), CURLINFO_RESPONSE_CODE));
  answer_.took = elapsed();
  const auto truth = [&] {
    std::optional<Miss> miss = plan_->truth.check(answer_);
    if (miss) {
      const std::string status = "status " + std::to_string(answer_.status);
      miss->evidence = miss->evidence.empty() ? status : status + "; " + miss->evidence;
    }
    return miss;
  };
  finish(judge(plan_->expect.check(answer_), truth, phases()));
}

CheckResult HttpAttempt::failed_transfer(int code) const {
  CURL* const curl = transfer_.get();
  CheckResult result = failed(failure_words({
      .code = code,
      .os_error = static_cast<int>(number_info(curl, CURLINFO_OS_ERRNO)),
      .stage = stage(),
      .details = error_.data(),
      .host = plan_->request.host,
  }));
  result.phases = phases();
  return result;
}

CheckResult HttpAttempt::timed_out() {
  CheckResult result;
  if (stage() == HttpStage::resolving) {
    result = failed(lookup_->waiting_for());
  } else {
    result = failed(timeout_words(stage(), timeout()));
  }
  result.phases = phases();
  return result;
}

HttpStage HttpAttempt::stage() const {
  if (!may_connect_ && lookup_) return HttpStage::resolving;
  CURL* const curl = transfer_.get();
  const bool sent = time_info(curl, CURLINFO_PRETRANSFER_TIME_T) != Duration::zero();
  if (!sent && !any_established()) return HttpStage::connecting;
  if (!sent && plan_->request.tls) return HttpStage::handshaking;
  const bool began = time_info(curl, CURLINFO_STARTTRANSFER_TIME_T) != Duration::zero();
  return began ? HttpStage::reading : HttpStage::waiting;
}

// libcurl tells the time of the connect only once TLS is done as well.
bool HttpAttempt::any_established() const {
  return std::ranges::any_of(sockets_, [](const auto& opened) {
    const auto& [fd, identity] = opened;
    return socket_identity(fd) == identity && is_established(fd);
  });
}

CheckPhases HttpAttempt::phases() const {
  CheckPhases phases;
  phases.resolve = resolved_after_;
  CURL* const curl = transfer_.get();
  if (curl == nullptr) return phases;
  const Duration looked_up = time_info(curl, CURLINFO_NAMELOOKUP_TIME_T);
  const Duration connected = time_info(curl, CURLINFO_CONNECT_TIME_T);
  const Duration secured = time_info(curl, CURLINFO_APPCONNECT_TIME_T);
  const Duration ready = time_info(curl, CURLINFO_PRETRANSFER_TIME_T);
  const Duration first = time_info(curl, CURLINFO_STARTTRANSFER_TIME_T);
  if (may_connect_) {
    phases.connect = std::max(connected - looked_up, Duration::zero());
    phases.tls = std::max(secured - connected, Duration::zero());
  }
  phases.first_byte = std::max(first - ready, Duration::zero());
  return phases;
}

}  // namespace blackstart
