#include "toxic/stage.h"

namespace blackstart::toxic {

extern const Kind noop_kind{
    "noop", "does nothing", {}, false, [](const Values&) -> std::unique_ptr<Stage> {
      return nullptr;
    }};

}  // namespace blackstart::toxic
