#include "fault/late_devices.h"

#include <fcntl.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "fault/devices.h"
#include "sys/fd.h"
#include "sys/log.h"

namespace blackstart {

LateDevices::LateDevices(boost::asio::io_context& io, const std::vector<std::string>& known,
                         std::function<void(const netlink::Link&)> appeared)
    : ready_{io, check("dup(netlink)", ::fcntl(monitor_.fd(), F_DUPFD_CLOEXEC, 0))},
      appeared_{std::move(appeared)} {
  for (const netlink::Link& link : monitor_.links()) {
    if (std::ranges::find(known, link.name) != known.end()) known_.insert(link.index);
  }
  look();  // what came between the list and the monitor
  wait();
}

void LateDevices::wait() {
  ready_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](const boost::system::error_code& stopped) {
                      if (stopped) return;
                      monitor_.drain();
                      look();
                      wait();
                    });
}

void LateDevices::look() {
  std::set<std::uint32_t> present;
  for (const netlink::Link& link : monitor_.links()) {
    if (is_own_device(link)) continue;
    present.insert(link.index);
    if (known_.contains(link.index)) continue;
    try {
      appeared_(link);
    } catch (const std::exception& failure) {
      log_warning("the new interface " + link.name + " is not covered: " + failure.what());
    }
  }
  known_ = std::move(present);
}

}  // namespace blackstart
