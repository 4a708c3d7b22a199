#pragma once

// A journal on disk: appended while the run goes, read as a stream.

#include <cstddef>
#include <functional>
#include <string>

#include "blackstart/journal.h"
#include "sys/fd.h"

namespace blackstart {

// Writes journal.jsonl. Lines are gathered and written together: at once for everything but
// samples, and by flush(), which whoever owns the run calls at least every
// limits::journal_flush_interval. A killed process loses at most the samples since. Every
// failure (a full disk) is a std::system_error, and what was not written is tried again by the
// next flush, from the byte at which it broke off. The descriptor is close-on-exec. Not
// thread-safe.
class JournalWriter {
 public:
  // Makes the file, which must not exist, with the header as its first line.
  JournalWriter(const std::string& path, const RunHeader& header);
  // Flushes, without a word about what went wrong: flush() first where that matters.
  ~JournalWriter();
  JournalWriter(const JournalWriter&) = delete;
  JournalWriter& operator=(const JournalWriter&) = delete;

  void write(const RunEvent& event);
  void flush();

  const std::string& path() const { return path_; }

 private:
  std::string path_;
  UniqueFd file_;
  std::string pending_;
};

struct JournalSummary {
  std::size_t events = 0;
  std::size_t torn_lines = 0;     // skipped
  std::size_t unknown_lines = 0;  // of a newer tool; skipped
};

// Reads a journal from first to last, one line in memory at a time. Throws std::system_error
// where the file cannot be read, and std::runtime_error where it is no journal (its first line
// is no header) or one of a newer format. A line over 64 MiB is torn.
JournalSummary read_journal(const std::string& path,
                            const std::function<void(const RunEvent&)>& on_event);

}  // namespace blackstart
