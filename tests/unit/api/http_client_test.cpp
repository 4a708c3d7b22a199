#include "api/http_client.h"

#include <gtest/gtest.h>

namespace blackstart::api {
namespace {

TEST(HttpClient, ANameIsOneSegmentOfAPath) {
  EXPECT_EQ(segment("redis:6379"), "redis:6379");
  EXPECT_EQ(segment("a b/c?d%\xC3\xA9"), "a%20b%2Fc%3Fd%25%C3%A9");
}

}  // namespace
}  // namespace blackstart::api
