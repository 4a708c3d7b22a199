#include "api/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blackstart::api {
namespace {

using ::testing::HasSubstr;

TEST(ProxyMetrics, HaveASeriesForEachDirection) {
  const ProxyTraffic up{"redis:6379", "[::]:8666", "10.0.0.1:6379", toxic::Stream::upstream, 12, 7};
  ProxyTraffic down = up;
  down.direction = toxic::Stream::downstream;
  down.sent = 18'446'744'073'709'551'615U;
  const std::string labels = R"(listener="[::]:8666",proxy="redis:6379",upstream="10.0.0.1:6379"})";
  EXPECT_EQ(proxy_metrics({up, down}),
            "# HELP toxiproxy_proxy_received_bytes_total \n"
            "# TYPE toxiproxy_proxy_received_bytes_total counter\n"
            "toxiproxy_proxy_received_bytes_total{direction=\"upstream\"," +
                labels +
                " 12\n"
                "toxiproxy_proxy_received_bytes_total{direction=\"downstream\"," +
                labels +
                " 12\n"
                "# HELP toxiproxy_proxy_sent_bytes_total \n"
                "# TYPE toxiproxy_proxy_sent_bytes_total counter\n"
                "toxiproxy_proxy_sent_bytes_total{direction=\"upstream\"," +
                labels +
                " 7\n"
                "toxiproxy_proxy_sent_bytes_total{direction=\"downstream\"," +
                labels + " 18446744073709551615\n");
  EXPECT_EQ(proxy_metrics({}), "");
}

TEST(ProxyMetrics, EscapeTheirLabels) {
  EXPECT_THAT(proxy_metrics({{"a\"b\\c\nd", "", "", toxic::Stream::upstream, 0, 0}}),
              HasSubstr(R"(proxy="a\"b\\c\nd")"));
}

TEST(ProcessMetrics, SayWholeNumbersWhole) {
  ProcessUsage usage;
  usage.cpu_seconds = 0.25;
  usage.resident_bytes = 123'456'789'012;
  const std::string page = process_metrics(usage);
  EXPECT_THAT(page, HasSubstr("# TYPE process_cpu_seconds_total counter\n"
                              "process_cpu_seconds_total 0.25\n"));
  EXPECT_THAT(page, HasSubstr("# TYPE process_resident_memory_bytes gauge\n"
                              "process_resident_memory_bytes 123456789012\n"));
}

TEST(HandlerMetrics, CountNoErrors) {
  EXPECT_THAT(handler_metrics(),
              HasSubstr("promhttp_metric_handler_errors_total{cause=\"encoding\"} 0\n"));
}

}  // namespace
}  // namespace blackstart::api
