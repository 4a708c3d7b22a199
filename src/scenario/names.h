#pragma once

// Domain names as targets name them.

#include <string>
#include <string_view>

namespace blackstart {

struct DomainName {
  std::string name;   // lower case, without a trailing dot
  std::string wrong;  // what is wrong with it, or empty
  std::string hint;
};

// A name, or a pattern of names: `*` alone is every name, as the first label it stands for any
// number of labels, elsewhere for a label or a part of one. RFC 1035's lengths hold;
// underscores are names too (RFC 2782).
DomainName read_domain_name(std::string_view text);

}  // namespace blackstart
