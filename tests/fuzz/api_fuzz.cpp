// Any bytes as the body of each request, as a config file and as a path: what is refused is refused
// by an answer, and what is taken is answered with text that asks for the same again.

#include <cstdint>
#include <string>
#include <string_view>

#include "api/answers.h"
#include "api/api_error.h"
#include "api/fields.h"
#include "api/limits.h"
#include "api/path.h"
#include "api/requests.h"
#include "blackstart/limits.h"

namespace {

using namespace blackstart;

template <class Read>
void try_to(Read read) {
  try {
    read();
  } catch (const api::ApiError& refused) {
    BS_ASSERT(refused.status() == 400);
    (void)api::first_value(api::error_json(400, refused.what()));
  } catch (const ProxyError& refused) {
    BS_ASSERT(refused.kind() == ProxyError::Kind::toxic_exists);
  }
}

void expect_same(const ProxyState& proxy) {
  const std::string text = api::to_json(proxy);
  BS_ASSERT(api::to_json(api::read_proxy(text).state) == text);
}

void read_path(std::string_view target) {
  const auto path = api::path_of(target);
  if (!path) return;
  const std::string clean = api::cleaned(*path);
  BS_ASSERT(api::cleaned(clean) == clean);
  BS_ASSERT(api::path_of(api::percent_encoded(clean)) == clean);
  (void)api::match("/proxies/*/toxics/*", clean);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size};
  try_to([&] { expect_same(api::read_proxy(text).state); });
  try_to([&] {
    for (const api::AskedProxy& one : api::read_populate(text)) expect_same(one.state);
  });
  try_to([&] {
    const std::string again = api::to_json(api::read_toxic(text, {}).toxic);
    BS_ASSERT(api::to_json(api::read_toxic(again, {}).toxic) == again);
  });
  try_to([&] {
    const api::AskedHold hold = api::read_hold(text);
    BS_ASSERT(hold.ttl > Duration::zero() && hold.ttl <= limits::api_lease_max);
  });
  try_to([&] { (void)api::read_proxy_change(text); });
  try_to([&] { (void)api::read_toxic_change(text, *toxic::find_kind("slicer")); });
  read_path(text);
  return 0;
}
