#pragma once

#include "blackstart/time.h"

namespace blackstart::test {

struct TimeSpan {
  Duration from{}, to{};

  bool has(Duration at) const { return from <= at && at < to; }
};

}  // namespace blackstart::test
