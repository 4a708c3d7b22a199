#include "probe/http_request.h"

#include <curl/curl.h>

#include <array>
#include <memory>
#include <string_view>

#include "core/shapes.h"

namespace blackstart {
namespace {

constexpr std::array<std::string_view, 7> kMethods{"GET",    "HEAD",  "POST",   "PUT",
                                                   "DELETE", "PATCH", "OPTIONS"};
constexpr Shape kUrl{.kind = Shape::Kind::text, .doc = "a URL, such as http://wallet.local/"};
constexpr Shape kMethod{.kind = Shape::Kind::word, .doc = "an HTTP method", .words = kMethods};
constexpr Shape kHeaders{
    .kind = Shape::Kind::table, .doc = "header names to values", .item = &shapes::kText};

constexpr std::array kRequestKeys{
    Key{"url", &kUrl, "http or https; redirects are not followed, no proxy is used", true},
    Key{"method", &kMethod, "default GET"},
    Key{"headers", &kHeaders, "sent with the request"},
    Key{"body", &shapes::kText, "sent with the request"},
    Key{"fresh", &shapes::kBoolean,
        "true (default): each sample resolves and connects anew; false: the connection is kept, "
        "and only a new one is resolved"},
    Key{"insecure", &shapes::kBoolean, "true: any certificate is accepted; default false"},
    Key{"cacert", &shapes::kText, "a file of certificates to trust instead of the system's"},
};
constexpr Shape kRequest{
    .kind = Shape::Kind::object, .doc = "an HTTP request", .keys = kRequestKeys};
constexpr std::array<const Shape*, 2> kOptions{&kUrl, &kRequest};

struct UrlDeleter {
  void operator()(CURLU* url) const { ::curl_url_cleanup(url); }
};
using Url = std::unique_ptr<CURLU, UrlDeleter>;

std::string part(const Url& url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (::curl_url_get(url.get(), which, &text, flags) != CURLUE_OK) return {};
  std::string out{text};
  ::curl_free(text);
  return out;
}

std::string host_of(const Url& url) {
  const std::string host = part(url, CURLUPART_HOST);
  return host.starts_with('[') && host.ends_with(']') ? host.substr(1, host.size() - 2) : host;
}

// Fills in what the URL says; the mistake, or empty.
std::string take_url(const std::string& text, HttpRequest& request) {
  const Url url{::curl_url()};
  // Without a scheme libcurl would guess one; with an unknown one it would say no more than so.
  if (text.find("://") == std::string::npos) return "a URL begins with http:// or https://";
  const CURLUcode code =
      ::curl_url_set(url.get(), CURLUPART_URL, text.c_str(), CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) {
    std::string why = ::curl_url_strerror(code);
    if (why[0] >= 'A' && why[0] <= 'Z') why[0] = static_cast<char>(why[0] - 'A' + 'a');
    return "not a URL: " + why;
  }
  const std::string scheme = part(url, CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return "a URL begins with http:// or https://";
  request.url = text;
  request.tls = scheme == "https";
  request.host = host_of(url);
  const auto port = parse_integer(part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT));
  request.port = static_cast<std::uint16_t>(port.value_or(0));
  ::curl_url_set(url.get(), CURLUPART_USER, nullptr, 0);
  ::curl_url_set(url.get(), CURLUPART_PASSWORD, nullptr, 0);
  ::curl_url_set(url.get(), CURLUPART_FRAGMENT, nullptr, 0);
  request.words = request.method + ' ' + part(url, CURLUPART_URL);
  if (request.port == 0) return "a URL's port is from 1 to 65535";
  return {};
}

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos;
}

void read_headers(const ParamReader& in, HttpRequest& request) {
  const Node* table = in.node("headers");
  if (table == nullptr) return;
  for (const Node::Member& member : table->members) {
    const bool odd_name =
        member.key.empty() || member.key.find_first_of(": \t") != std::string::npos;
    if (odd_name || has_line_break(member.key) || has_line_break(member.value.text)) {
      in.error_at(member.key_pos,
                  "not a header: a name has no spaces or colons, neither name nor "
                  "value has a line break");
      continue;
    }
    request.headers.emplace_back(member.key, member.value.text);
  }
}

}  // namespace

constinit const Shape kHttpRequestShape{
    .kind = Shape::Kind::either, .doc = "a URL, or a mapping with one", .options = kOptions};

HttpRequest parse_http_request(const ParamReader& probe) {
  HttpRequest request;
  const Node* value = probe.node("http");
  if (value == nullptr) return request;
  const bool bare = value->kind == Node::Kind::scalar;
  const ParamReader in = bare ? probe : probe.inner("http");
  if (!bare) {
    request.method = in.text("method").value_or("GET");
    request.body = in.text("body").value_or("");
    request.fresh = in.boolean("fresh").value_or(true);
    request.insecure = in.boolean("insecure").value_or(false);
    request.cacert = in.text("cacert").value_or("");
    read_headers(in, request);
  }
  const std::string_view url_key = bare ? "http" : "url";
  if (const auto url = in.text(url_key)) {
    const std::string mistake = take_url(*url, request);
    if (!mistake.empty()) in.error(url_key, mistake);
  }
  return request;
}

}  // namespace blackstart
