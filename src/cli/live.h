#pragma once

// The run as it goes, on the terminal.

#include <memory>
#include <optional>
#include <string>

#include "blackstart/journal.h"
#include "blackstart/scenario.h"
#include "blackstart/time.h"
#include "core/analysis.h"

namespace blackstart::cli {

struct LiveOptions {
  bool plain = false;  // lines instead of a picture
  bool quiet = false;  // nothing
  std::string line;    // not empty: one line that begins so, on a terminal alone
};

// A picture that redraws in place on a terminal; on a pipe, with NO_COLOR=… or TERM=dumb plain
// lines: one a phase, a fault edge, a note, a probe's change of state. Never blocks: a frame
// that the terminal does not take is dropped. The cursor is put back by close(), and by the
// destructor.
class LiveView {
 public:
  // Both must outlive it. `analysis` is fed by the caller, before on_event().
  LiveView(const Scenario& scenario, const Analysis& analysis, LiveOptions options);
  ~LiveView();
  LiveView(const LiveView&) = delete;
  LiveView& operator=(const LiveView&) = delete;

  void on_event(const RunEvent& event);
  void on_tick(RunTime now);

  // Whether a person is still there (run/runner.h): shown until then; nullopt: no longer.
  void ask(std::optional<RunTime> until);
  void close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace blackstart::cli
