"""A Python client through everything that its users do with a server."""

import socket

from lab import PATIENCE, LabTest, echo, idle, now
from toxiproxy import InvalidToxic, NotFound, ProxyExists, Toxiproxy, ToxiproxyError

EVERY_KIND = {
  "latency": {"latency": 100, "jitter": 10}, "bandwidth": {"rate": 64}, "slow_close": {"delay": 50},
  "timeout": {"timeout": 1000}, "reset_peer": {"timeout": 100},
  "slicer": {"average_size": 64, "size_variation": 16, "delay": 10}, "limit_data": {"bytes": 1024},
}


class Python(LabTest):

  def setUp(self):
    super().setUp()
    self.client = Toxiproxy(self.server.url)
    self.redis = self.client.create("redis:6379", self.upstream(echo).address)

  def ask(self, proxy):
    """How long an echo took."""
    with socket.create_connection(proxy.address, PATIENCE) as connection:
      began = now()
      connection.sendall(b"ping")
      if connection.recv(4) != b"ping":
        raise EOFError
      return now() - began

  def test_finds_the_server_and_its_version(self):
    self.assertTrue(self.client.running())
    self.assertEqual(self.client.version(), "2.12.0")

  def test_creates_lists_and_destroys(self):
    self.assertEqual(self.redis.address[0], "127.0.0.1")
    self.assertTrue(self.redis.enabled)
    self.ask(self.redis)
    self.assertEqual(list(self.client.proxies()), ["redis:6379"])
    with self.assertRaisesRegex(ProxyExists, r"\[409\] proxy already exists"):
      self.client.create("redis:6379", "127.0.0.1:9")
    self.assertIsNone(self.redis.destroy())
    self.assertIsNone(self.client.get("redis:6379"))
    with self.assertRaises(NotFound):
      self.redis.destroy()

  def test_populates_twice(self):
    entries = [{"name": name, "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}
               for name in ("b", "a")]
    first = self.client.populate(entries)
    self.assertEqual([proxy.name for proxy in first], ["b", "a"])
    entries = [{"name": proxy.name, "listen": proxy.listen, "upstream": proxy.upstream}
               for proxy in first]
    again = self.client.populate(entries)
    self.assertEqual([proxy.listen for proxy in again], [proxy.listen for proxy in first])
    with self.assertRaisesRegex(ToxiproxyError, "missing required field: upstream at proxy 1"):
      self.client.populate([{"name": "x"}])

  def test_takes_a_service_down_and_up_on_the_same_port(self):
    address = self.redis.address
    self.redis.disable()
    with self.assertRaises(ConnectionRefusedError):
      self.ask(self.redis)
    self.assertEqual(self.redis.enable().address, address)
    self.ask(self.redis)

  def test_moves_an_upstream(self):
    other = self.upstream(lambda connection: connection.sendall(b"other"))
    self.redis.update(upstream=other.address)
    with socket.create_connection(self.redis.address, PATIENCE) as connection:
      self.assertEqual(connection.recv(5), b"other")

  def test_adds_edits_and_removes_every_kind_of_toxic(self):
    for stream in ("upstream", "downstream"):
      for kind, attributes in EVERY_KIND.items():
        made = self.redis.add_toxic(kind, stream, attributes=attributes, toxicity=0.5)
        self.assertEqual((made.name, made.type, made.stream, made.toxicity, made.attributes),
                         (f"{kind}_{stream}", kind, stream, 0.5, attributes))
    self.assertEqual(list(self.redis.toxics()), [f"{kind}_{stream}" for stream in
                     ("upstream", "downstream") for kind in EVERY_KIND])
    edited = self.redis.edit_toxic("latency_upstream", jitter=3)
    self.assertEqual(edited.attributes, {"latency": 100, "jitter": 3})
    self.assertEqual(self.redis.toxic("latency_upstream").attributes, edited.attributes)
    for name in list(self.redis.toxics()):
      self.redis.remove_toxic(name)
    self.assertEqual(self.redis.toxics(), {})
    self.ask(self.redis)

  def test_feels_latency(self):
    self.redis.add_toxic("latency", attributes={"latency": 200})
    self.assert_at(self.ask(self.redis), 0.2)
    self.redis.add_toxic("latency", "upstream", attributes={"latency": 100})
    self.assert_at(self.ask(self.redis), 0.3)

  def test_feels_a_limit_a_timeout_and_a_reset(self):
    for kind, attributes, error in (("limit_data", {"bytes": 0}, EOFError),
                                    ("timeout", {"timeout": 50}, EOFError),
                                    ("reset_peer", {"timeout": 0}, ConnectionResetError)):
      self.redis.add_toxic(kind, attributes=attributes)
      with self.assertRaises(error):
        self.ask(self.redis)
      self.redis.remove_toxic(kind + "_downstream")
    self.ask(self.redis)

  def test_resets_everything(self):
    self.redis.add_toxic("latency", attributes={"latency": 60_000})
    other = self.client.create("other", self.upstream(idle).address, enabled=False)
    self.assertFalse(other.enabled)
    self.client.reset()
    self.assertTrue(self.client.get("other").enabled)
    self.assertEqual(self.redis.toxics(), {})
    self.ask(self.redis)

  def test_is_told_what_is_wrong(self):
    with self.assertRaisesRegex(InvalidToxic, "invalid toxic type"):
      self.redis.add_toxic("nonsense")
    with self.assertRaisesRegex(InvalidToxic, "stream was invalid"):
      self.redis.add_toxic("latency", "sideways")
    with self.assertRaisesRegex(InvalidToxic, "bad request body"):
      self.redis.add_toxic("latency", attributes={"latency": "fast"})
    with self.assertRaisesRegex(NotFound, "toxic not found"):
      self.redis.toxic("none")
