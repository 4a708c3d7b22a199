#include "report/journal_file.h"

#include <fcntl.h>

#include <array>
#include <stdexcept>

#include "report/journal.h"

namespace blackstart {
namespace {

constexpr std::size_t kGatheredMax = 256 * 1024;  // written without waiting for a flush
constexpr std::size_t kLineMax = 64 << 20;

ssize_t uninterrupted(auto call) {
  ssize_t result = 0;
  do result = call();
  while (result < 0 && errno == EINTR);
  return result;
}

UniqueFd create(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC;
  return UniqueFd{check("create " + path, ::open(path.c_str(), kFlags, 0644))};
}

// Cuts a stream of bytes into lines. The last one may lack its newline.
class Lines {
 public:
  explicit Lines(std::function<void(std::string_view line, bool whole)> on_line)
      : on_line_{std::move(on_line)} {}

  void add(std::string_view bytes) {
    for (auto end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
      gather(bytes.substr(0, end));
      on_line_(line_, !too_long_);
      line_.clear();
      too_long_ = false;
      bytes.remove_prefix(end + 1);
    }
    gather(bytes);
  }

  void finish() {
    if (!line_.empty() || too_long_) on_line_(line_, !too_long_);
  }

 private:
  void gather(std::string_view bytes) {
    too_long_ = too_long_ || line_.size() + bytes.size() > kLineMax;
    if (too_long_) line_.clear();
    if (!too_long_) line_.append(bytes);
  }

  std::function<void(std::string_view, bool)> on_line_;
  std::string line_;
  bool too_long_ = false;
};

// What the lines of a journal say, one after the other.
class Intake {
 public:
  Intake(const std::string& path, const std::function<void(const RunEvent&)>& on_event)
      : path_{&path}, on_event_{&on_event} {}

  void line(std::string_view text, bool whole) {
    const ParsedLine parsed = whole ? parse_line(text) : ParsedLine{};
    if (parsed.kind == ParsedLine::Kind::too_new) {
      throw std::runtime_error{*path_ + " was written by a newer version of blackstart"};
    }
    if (!begun_ && !(parsed.event && std::holds_alternative<RunHeader>(*parsed.event))) refuse();
    begun_ = true;
    switch (parsed.kind) {
      case ParsedLine::Kind::event:
        ++summary_.events;
        (*on_event_)(*parsed.event);
        break;
      case ParsedLine::Kind::unknown:
        ++summary_.unknown_lines;
        break;
      case ParsedLine::Kind::torn:
      case ParsedLine::Kind::too_new:
        ++summary_.torn_lines;
        break;
    }
  }

  JournalSummary finish() const {
    if (!begun_) refuse();
    return summary_;
  }

 private:
  [[noreturn]] void refuse() const {
    throw std::runtime_error{*path_ + " is no journal: its first line is no header"};
  }

  const std::string* path_;
  const std::function<void(const RunEvent&)>* on_event_;
  JournalSummary summary_;
  bool begun_ = false;
};

}  // namespace

JournalWriter::JournalWriter(const std::string& path, const RunHeader& header)
    : path_{path}, file_{create(path)} {
  append_line(pending_, header);
  flush();
}

JournalWriter::~JournalWriter() {
  try {
    flush();
  } catch (const std::system_error&) {
    // Whoever must know has called flush().
  }
}

void JournalWriter::write(const RunEvent& event) {
  append_line(pending_, event);
  if (!std::holds_alternative<ProbeSample>(event) || pending_.size() > kGatheredMax) flush();
}

void JournalWriter::flush() {
  while (!pending_.empty()) {
    const ssize_t written = check("write " + path_, uninterrupted([this] {
                                    return ::write(file_.get(), pending_.data(), pending_.size());
                                  }));
    pending_.erase(0, static_cast<std::size_t>(written));
  }
}

JournalSummary read_journal(const std::string& path,
                            const std::function<void(const RunEvent&)>& on_event) {
  const UniqueFd file{check("open " + path, ::open(path.c_str(), O_RDONLY | O_CLOEXEC))};
  Intake intake{path, on_event};
  Lines lines{[&](std::string_view line, bool whole) { intake.line(line, whole); }};
  std::array<char, 64 * 1024> buffer;
  while (const ssize_t got = check("read " + path, uninterrupted([&] {
                                     return ::read(file.get(), buffer.data(), buffer.size());
                                   }))) {
    lines.add({buffer.data(), static_cast<std::size_t>(got)});
  }
  lines.finish();
  return intake.finish();
}

}  // namespace blackstart
