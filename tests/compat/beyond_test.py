"""What Toxiproxy lacks: it must be asked for, and does what it says."""

import json
import os
import socket
import struct
import subprocess
import tempfile
import time

from lab import (BLACKSTART, Arrivals, LabTest, Server, echo, endpoint, free_port, greeter, idle,
                 now, sender, wait_for)


class Beyond(LabTest):

  LATENCY = {"type": "latency", "attributes": {"latency": 200}}

  def other_server(self, *flags):
    """The same laboratory with a server of other flags."""
    self.server.end()
    self.server = Server(*flags)

  def echo_took(self, listen):
    began = now()
    self.settled(listen)
    return now() - began

  def test_toxics_in_a_creation_are_in_force_from_the_first_connection(self):
    listen = self.proxy(echo, toxics=[self.LATENCY])
    self.assert_at(self.echo_took(listen), 0.2)
    toxics = self.call("GET", "/proxies/p/toxics").json
    self.assertEqual([toxic["name"] for toxic in toxics], ["latency_downstream"])

  def test_a_creation_with_a_wrong_toxic_makes_nothing(self):
    body = {"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9",
            "toxics": [self.LATENCY, {"type": "nonsense"}]}
    self.assertEqual(self.call("POST", "/proxies", body).status, 400)
    self.assertEqual(self.call("GET", "/proxies").json, {})

  def test_toxics_in_populate_and_in_the_config_file(self):
    entry = {"name": "p", "listen": "127.0.0.1:0", "upstream": self.upstream(echo).address,
             "toxics": [self.LATENCY]}
    made = self.call("POST", "/populate", [entry], 201).json["proxies"][0]
    self.assertEqual(len(made["toxics"]), 1)
    with tempfile.TemporaryDirectory() as folder:
      path = os.path.join(folder, "toxiproxy.json")
      with open(path, "w", encoding="utf-8") as file:
        json.dump([entry], file)
      self.other_server("--config", path)
    self.assert_at(self.echo_took(self.call("GET", "/proxies/p").json["listen"]), 0.2)

  def test_half_close_is_passed_on_where_it_is_asked_for(self):
    def answer_at_the_end(connection):
      said = b""
      while data := connection.recv(100):
        said += data
      connection.sendall(said.upper())
    self.other_server("--half-close")
    connection = self.connect(self.proxy(answer_at_the_end))
    connection.sendall(b"all of it")
    connection.shutdown(1)
    self.assertEqual(Arrivals(connection).wait_end().data, b"ALL OF IT")

  def test_resets_are_passed_on_where_it_is_asked_for(self):
    def reset(connection):
      connection.recv(1)
      connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
      connection.close()
    for flags, expected in ((), "eof"), (("--pass-resets",), "reset"):
      self.other_server(*flags)
      connection = self.connect(self.proxy(reset))
      connection.sendall(b"x")
      self.assertEqual(Arrivals(connection).wait_end().end[0], expected)

  def test_refuse_when_down(self):
    self.other_server("--refuse-when-down")
    port = free_port()
    listen = self.proxy(f"127.0.0.1:{port}")
    wait_for(lambda: not self.accepts(listen), "nobody listens")
    with socket.create_server(("127.0.0.1", port)):
      wait_for(lambda: self.accepts(listen), "somebody listens")
    wait_for(lambda: not self.accepts(listen), "nobody listens again")

  def accepts(self, listen):
    try:
      socket.create_connection(endpoint(listen), 1).close()
      return True
    except OSError:
      return False

  def test_a_lease_that_is_not_renewed_ends(self):
    listen = self.proxy(echo)
    self.toxic("latency", {"latency": 60_000}, name="t", ttl_ms=500)
    wait_for(lambda: self.call("GET", "/proxies/p").json["toxics"] == [], "the toxic goes")
    self.settled(listen)
    self.proxy(echo, name="q", ttl_ms=500)
    wait_for(lambda: "q" not in self.call("GET", "/proxies").json, "the proxy goes")

  def test_live_connections_are_listed_with_bytes_and_toxics(self):
    connection = self.settled(self.proxy(echo))
    self.toxic("noop", {}, name="mine", stream="upstream")
    [listed] = self.call("GET", "/blackstart/connections", expect=200).json
    self.assertEqual((listed["proxy"], listed["up"]["toxics"]), ("p", ["mine"]))
    self.assertEqual((listed["up"]["received"], listed["down"]["sent"]), (1, 1))
    self.assertEqual(listed["client"], "%s:%d" % connection.getsockname())
    connection.close()
    wait_for(lambda: self.call("GET", "/blackstart/connections").json == [], "it goes")

  def test_slow_open_delays_the_first_data_alone(self):
    listen = self.proxy(echo)
    self.toxic("slow_open", {"delay": 300})
    self.assert_at(self.echo_took(listen), 0.3)

  def test_corrupt_changes_bytes_and_not_their_number(self):
    listen = self.proxy(sender(bytes(10_000)))
    self.toxic("corrupt", {"bytes_per_million": 100_000})
    seen = self.watch(listen).wait_end()
    self.assertEqual(len(seen.data), 10_000)
    changed = 10_000 - seen.data.count(0)
    self.assertTrue(700 < changed < 1300, changed)

  def test_limit_time_closes_with_data_flowing_until_then(self):
    def tick(connection):
      while True:
        connection.sendall(b"x")
        time.sleep(0.02)
    listen = self.proxy(tick)
    self.toxic("limit_time", {"time": 400})
    seen = self.watch(listen).wait_end()
    self.assertEqual(seen.end[0], "eof")
    self.assert_at(seen.end[1], 0.4)
    self.assertTrue(seen.data)

  def test_half_open_accepts_and_never_answers(self):
    listen = self.proxy(greeter(b"hello"))
    self.toxic("half_open", {})
    connection = self.connect(listen)
    seen = Arrivals(connection)
    connection.sendall(b"x")
    time.sleep(0.5)
    self.assertEqual((seen.data, seen.end), (b"", None))

  def test_no_extension_shows_where_none_was_asked_for(self):
    self.proxy(idle)
    proxy = self.call("GET", "/proxies/p").json
    self.assertEqual(list(proxy), ["name", "listen", "upstream", "enabled", "toxics"])

  def test_the_api_on_a_unix_socket(self):
    with tempfile.TemporaryDirectory() as folder:
      path = folder + "/api"
      self.other_server("--unix", path)
      self.proxy(idle)
      said = subprocess.check_output([BLACKSTART, "toxi", "-host", "unix:" + path, "list"])
      self.assertTrue(said.startswith(b"p\t127.0.0.1:"), said)

  def test_other_hosts_and_web_pages_are_refused(self):
    for header in ({"Host": "evil.example"}, {"Origin": "http://evil.example"}):
      self.assertEqual(self.server.raw("GET", "/proxies", headers=header).status, 403, header)
    self.other_server("--no-host-check")
    reply = self.server.raw("GET", "/proxies", headers={"Host": "evil.example"})
    self.assertEqual(reply.status, 200)
