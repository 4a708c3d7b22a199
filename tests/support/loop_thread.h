#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>
#include <utility>

namespace blackstart::test {

// A loop that runs on a thread of its own, in the namespace of the thread that made it.
class LoopThread {
 public:
  LoopThread() : thread_{[this] { io_.run(); }} {}
  ~LoopThread() {
    io_.stop();
    thread_.join();
  }
  LoopThread(const LoopThread&) = delete;
  LoopThread& operator=(const LoopThread&) = delete;

  boost::asio::io_context& io() { return io_; }

  // Runs it on the loop and waits; what it throws is thrown here.
  template <class Work>
  auto run(Work work) {
    std::packaged_task<decltype(work())()> task{std::move(work)};
    auto result = task.get_future();
    boost::asio::post(io_, [&task] { task(); });
    return result.get();
  }

 private:
  boost::asio::io_context io_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> busy_{
      io_.get_executor()};
  std::thread thread_;
};

}  // namespace blackstart::test
