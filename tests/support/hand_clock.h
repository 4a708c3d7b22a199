#pragma once

#include "blackstart/time.h"

namespace blackstart::test {

// Goes on when it is told to.
class HandClock final : public Clock {
 public:
  RunTime now() const override { return now_; }
  void advance(Duration by) { now_ = now_ + by; }

 private:
  RunTime now_;
};

}  // namespace blackstart::test
