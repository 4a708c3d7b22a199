// The `http` probe.

#include "probe/http_attempt.h"
#include "probe/registry.h"

namespace blackstart {
namespace {

class HttpCheck final : public ProbeCheck {
 public:
  explicit HttpCheck(HttpPlan plan) : plan_{std::make_shared<const HttpPlan>(std::move(plan))} {}

  std::string in_words() const override { return plan_->request.words; }

  void start(ProbeHost& host, Duration timeout,
             std::function<void(CheckResult)> done) const override {
    Attempt::launch(std::make_shared<HttpAttempt>(plan_, host, timeout, std::move(done)));
  }

 private:
  std::shared_ptr<const HttpPlan> plan_;
};

std::unique_ptr<const ProbeCheck> parse_http(const ParamReader& probe) {
  HttpPlan plan{parse_http_request(probe), HttpJudge{probe.inner("expect")},
                HttpJudge{probe.inner("truth")}};
  plan.expect.default_to_success();
  return std::make_unique<HttpCheck>(std::move(plan));
}

}  // namespace

extern constinit const ProbeKind http_probe{
    .name = "http",
    .summary = "asks a web service over HTTP or HTTPS and judges its answer",
    .shape = &kHttpRequestShape,
    .expect = &kHttpJudgeShape,
    .truth = &kHttpJudgeShape,
    .parse = &parse_http,
};

}  // namespace blackstart
