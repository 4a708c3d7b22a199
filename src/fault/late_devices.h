#pragma once

// Interfaces that appear during a run: a container that starts, a tunnel that comes up.

#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "netlink/link.h"

namespace blackstart {

// Tells of each interface of the calling thread's namespace that is not among `known` and not
// ours, as soon as the kernel does (rtnetlink(7), RTNLGRP_LINK), on the loop's thread. One that
// goes and comes again is told of again. Destroying it stops that.
class LateDevices {
 public:
  // Failures of `appeared` (the device is gone again) are logged, no more.
  LateDevices(boost::asio::io_context& io, const std::vector<std::string>& known,
              std::function<void(const netlink::Link&)> appeared);

 private:
  void wait();
  void look();

  netlink::LinkMonitor monitor_;
  boost::asio::posix::stream_descriptor ready_;
  std::set<std::uint32_t> known_;  // by number, which a new name does not change
  std::function<void(const netlink::Link&)> appeared_;
};

}  // namespace blackstart
