"""The numbers that Toxiproxy 2.12 shows on loopback: what each toxic does to whom, and when."""

import socket
import time

from lab import LATE, Arrivals, LabTest, blast, echo, endpoint, greeter, idle, now, sender, wait_for


class Acceptance(LabTest):

  def test_01_create_on_port_zero_disable_and_enable_on_the_same_port(self):
    listen = self.proxy(echo, listen="localhost:0")
    self.assertRegex(listen, r"^127\.0\.0\.1:\d+$")
    self.settled(listen)
    self.call("POST", "/proxies/p", {"enabled": False}, 200)
    self.assert_refused(listen)
    again = self.call("POST", "/proxies/p", {"enabled": True}, 200).json
    self.assertEqual(again["listen"], listen)
    self.settled(listen)

  def test_02_ten_bytes_and_a_close_through_latency_200(self):
    listen = self.proxy(sender(b"0123456789"))
    self.toxic("latency", {"latency": 200})
    seen = self.watch(listen).wait_end()
    self.assertEqual(seen.data, b"0123456789")
    self.assert_at(seen.pieces[0][0], 0.2)
    self.assertEqual(seen.end[0], "eof")

  def test_02_a_close_without_data_is_not_delayed(self):
    listen = self.proxy(sender(b""))
    self.toxic("latency", {"latency": 60_000})
    seen = self.watch(listen).wait_end()
    self.assertEqual((seen.data, seen.end[0]), (b"", "eof"))

  def test_03_ten_messages_keep_their_spacing_through_latency_300(self):
    listen = self.proxy(echo)
    connection = self.settled(listen)
    self.toxic("latency", {"latency": 300})
    seen, sent = Arrivals(connection), []
    for _ in range(10):
      sent.append(now() - seen.start)
      connection.sendall(b"x")
      time.sleep(0.02)
    seen.wait_bytes(10)
    for moment, began in zip(seen.moments(1), sent):
      self.assert_at(moment, began + 0.3)

  def hold_two_messages(self):
    listen = self.proxy(echo)
    connection = self.settled(listen)
    self.toxic("latency", {"latency": 60_000})
    seen = Arrivals(connection)
    connection.sendall(b"A")
    time.sleep(0.1)
    sent = now() - seen.start
    connection.sendall(b"B")
    time.sleep(0.1)
    return seen, sent

  def test_04_update_of_latency_lets_the_first_go_and_counts_anew_for_the_second(self):
    seen, sent = self.hold_two_messages()
    changed = now() - seen.start
    self.update_toxic("latency_downstream", attributes={"latency": 1000})
    seen.wait_bytes(2)
    first, second = seen.moments(1)
    self.assertEqual(seen.data, b"AB")
    self.assert_at(first, changed)
    self.assert_at(second, sent + 1.0)

  def test_04_removal_of_latency_delivers_all_at_once_in_order(self):
    seen, _ = self.hold_two_messages()
    changed = now() - seen.start
    self.remove_toxic("latency_downstream")
    seen.wait_bytes(2)
    self.assertEqual(seen.data, b"AB")
    for moment in seen.moments(1):
      self.assert_at(moment, changed)

  def test_05_bandwidth_50_passes_100000_bytes_in_steps_of_5000(self):
    listen = self.proxy(sender(bytes(100_000)))
    self.toxic("bandwidth", {"rate": 50})
    seen = self.watch(listen).wait_end()
    self.assertEqual(len(seen.data), 100_000)
    for step, moment in enumerate(seen.moments(5000), start=1):
      self.assert_at(moment, step * 0.1, f"step {step}")

  def test_05_bandwidth_1_passes_350_bytes_as_100_100_100_50(self):
    listen = self.proxy(sender(bytes(350)))
    self.toxic("bandwidth", {"rate": 1})
    seen = self.watch(listen).wait_end()
    for moment, expected in zip(seen.moments(100), (0.1, 0.2, 0.3), strict=True):
      self.assert_at(moment, expected)
    self.assertEqual(len(seen.data), 350)
    self.assert_at(seen.moments(350)[0], 0.35)

  def test_06_rate_0_holds_until_it_is_raised(self):
    listen = self.proxy(echo)
    connection = self.settled(listen)
    self.toxic("bandwidth", {"rate": 0})
    seen = Arrivals(connection)
    connection.sendall(bytes(50_000))
    time.sleep(1)
    self.assertEqual(seen.data, b"")
    changed = now() - seen.start
    self.update_toxic("bandwidth_downstream", attributes={"rate": 10})
    seen.wait_bytes(1)
    self.assert_at(seen.pieces[0][0], changed)

  def test_07_timeout_500_closes_an_idle_connection_on_both_sides(self):
    ends = []
    def handler(connection):
      ends.append(Arrivals(connection).wait_end().end)
    listen = self.proxy(handler)
    self.toxic("timeout", {"timeout": 500})
    seen = self.watch(listen).wait_end()
    self.assertEqual((seen.data, seen.end[0]), (b"", "eof"))
    self.assert_at(seen.end[1], 0.5)
    wait_for(lambda: ends, "the end at the server")
    self.assertEqual(ends[0][0], "eof")

  def test_07_timeout_0_and_its_removal_ends_both_sides_at_once(self):
    upstream_seen = []
    def handler(connection):
      upstream_seen.append(Arrivals(connection))
      upstream_seen[0].wait_end()
    listen = self.proxy(handler)
    self.toxic("timeout", {"timeout": 0})
    seen = self.watch(listen)
    time.sleep(0.5)
    self.assertIsNone(seen.end)
    changed = now() - seen.start
    self.remove_toxic("timeout_downstream")
    seen.wait_end()
    self.assertEqual(seen.end[0], "eof")
    self.assert_at(seen.end[1], changed)
    self.assertEqual(upstream_seen[0].wait_end().end[0], "eof")

  def test_08_limit_data_100_against_messages_of_30(self):
    def handler(connection):
      for _ in range(5):
        connection.sendall(b"x" * 30)
        time.sleep(0.05)
      idle(connection)
    listen = self.proxy(handler)
    self.toxic("limit_data", {"bytes": 100})
    seen = self.watch(listen).wait_end()
    self.assertEqual((len(seen.data), seen.end[0]), (100, "eof"))
    self.assert_at(seen.end[1], 0.15)

  def test_08_slow_close_700_delays_the_close_and_not_the_data(self):
    listen = self.proxy(sender(b"data"))
    self.toxic("slow_close", {"delay": 700})
    seen = self.watch(listen).wait_end()
    self.assertEqual((seen.data, seen.end[0]), (b"data", "eof"))
    self.assert_at(seen.end[1], 0.7)
    self.update_toxic("slow_close_downstream", attributes={"delay": 60_000})
    seen = self.watch(listen).wait_bytes(4)
    self.assertIsNone(seen.end)

  def test_09_reset_peer_600_resets_and_delivers_nothing(self):
    listen = self.proxy(greeter(b"hello"))
    self.toxic("reset_peer", {"timeout": 600})
    seen = self.watch(listen).wait_end()
    self.assertEqual((seen.data, seen.end[0]), (b"", "reset"))
    self.assert_at(seen.end[1], 0.6)

  def test_10_toxicity_one_half_is_all_or_nothing_for_each_connection(self):
    listen = self.proxy(echo)
    self.toxic("limit_data", {"bytes": 3}, toxicity=0.5)
    hit = 0
    for _ in range(60):
      connection = self.connect(listen)
      seen = Arrivals(connection)
      connection.sendall(b"12")
      seen.wait_bytes(2)
      connection.sendall(b"3456")
      wait_for(lambda: seen.end or len(seen.data) == 6, "the rest or the end")
      self.assertIn((len(seen.data), seen.end and seen.end[0]), {(3, "eof"), (6, None)})
      hit += seen.end is not None
      connection.close()
    self.assertTrue(10 <= hit <= 50, f"{hit} of 60")

  def test_11_the_api_answers_while_a_client_that_never_reads_is_being_blasted(self):
    listen = self.proxy(blast)
    self.toxic("latency", {"latency": 1})
    stuck = socket.create_connection(endpoint(listen))
    self.addCleanup(stuck.close)
    time.sleep(0.5)  # until every buffer on the way is full
    took = []
    def timed(method, path, body=None, expect=200):
      began = now()
      self.call(method, path, body, expect)
      took.append(now() - began)
    for kind in ("latency", "bandwidth", "slicer", "timeout", "slow_close", "noop"):
      timed("POST", "/proxies/p/toxics", {"name": "new", "type": kind})
      timed("PATCH", "/proxies/p/toxics/new", {"toxicity": 0.5})
      timed("GET", "/proxies/p")
      timed("DELETE", "/proxies/p/toxics/new", expect=204)
    timed("POST", "/proxies/p", {"enabled": False})
    timed("POST", "/proxies/p", {"enabled": True})
    timed("DELETE", "/proxies/p", expect=204)
    self.assertLess(sorted(took)[len(took) // 2], 0.25)
    self.assertLess(max(took), 0.1 + LATE)

  def test_12_limit_data_5_then_latency_300_gives_five_bytes_and_the_end(self):
    listen = self.proxy(sender(b"0123456789"))
    self.toxic("limit_data", {"bytes": 5})
    self.toxic("latency", {"latency": 300})
    seen = self.watch(listen).wait_end()
    self.assertEqual((seen.data, seen.end[0]), (b"01234", "eof"))
    self.assert_at(seen.pieces[0][0], 0.3)
