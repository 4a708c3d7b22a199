#pragma once

// What a toxic is: a kind with its attributes, on one direction of a proxy's connections.
// Names, units and meanings are Toxiproxy's (version 2.12); what it has not is marked so.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace blackstart::toxic {

class Stage;

enum class Stream : std::uint8_t {
  upstream,    // from the client to the server
  downstream,  // from the server to the client
};
std::string_view to_text(Stream stream);

// In any letter case; nullopt for anything else.
std::optional<Stream> parse_stream(std::string_view text);

// A whole number. Every value is safe: what makes no sense is read as the nearest that does.
struct Attribute {
  std::string_view name;
  std::string_view doc;  // with its unit
};

inline constexpr std::size_t kAttributesMost = 3;
using Values = std::array<std::int64_t, kAttributesMost>;  // in the order of Kind::attributes

// What removing a toxic of a kind does to the connections that it was on.
enum class Removal : std::uint8_t {
  passes_on,      // what it holds goes on at once, and so does the connection
  closes_acting,  // ends those that it acted on: they have lost bytes
  closes_all,     // ends also those that toxicity spared
};

// A row of the table of kinds.
struct Kind {
  std::string_view name;
  std::string_view summary;
  std::span<const Attribute> attributes;
  bool extension;  // unknown to Toxiproxy 2.12: shown only where a user has made one
  std::unique_ptr<Stage> (*make)(const Values& values);  // nullptr: it never does anything
  Removal removal = Removal::passes_on;
};

std::span<const Kind* const> kinds();
const Kind* find_kind(std::string_view name);  // exact; nullptr: there is none

struct Toxic {
  std::string name;
  const Kind* kind = nullptr;
  Stream stream = Stream::downstream;
  std::string stream_text;  // as it was asked for, which is how it is answered
  float toxicity = 1;       // the share of connections that it acts on; outside 0 to 1: as 0 or 1
  Values values{};
};

}  // namespace blackstart::toxic
