#pragma once

// Keeps handlers of the loop from touching what is gone.

#include <memory>
#include <utility>

namespace blackstart {

// A member of whatever starts asynchronous work: a handler made by bind() does nothing once
// the lifeline has been destroyed. For one thread only, the loop's.
class Lifeline {
 public:
  template <class F>
  auto bind(F handler) const {
    return [weak = std::weak_ptr<const char>{token_},
            handler = std::move(handler)](auto&&... args) mutable {
      if (!weak.expired()) handler(std::forward<decltype(args)>(args)...);
    };
  }

  // bind() again, so that what was bound before never runs.
  void cut() { token_ = std::make_shared<const char>('\0'); }

 private:
  std::shared_ptr<const char> token_ = std::make_shared<const char>('\0');
};

}  // namespace blackstart
