"""Oddities of Toxiproxy's that somebody depends on. We keep them."""

import socket
import time

from lab import Arrivals, LabTest, echo, free_port, greeter, now


class Keep(LabTest):

  def test_200_for_the_creation_of_a_toxic(self):
    self.proxy(echo)
    reply = self.call("POST", "/proxies/p/toxics", {"type": "latency"})
    self.assertEqual(reply.status, 200)
    self.assertEqual(reply.body.strip(), '{"attributes":{"latency":0,"jitter":0},'
                     '"name":"latency_downstream","type":"latency","stream":"downstream",'
                     '"toxicity":1}')

  def test_201_for_populate(self):
    entry = {"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}
    reply = self.call("POST", "/populate", [entry])
    self.assertEqual(reply.status, 201)
    self.assertEqual(list(reply.json), ["proxies"])
    self.assertEqual([each["name"] for each in reply.json["proxies"]], ["p"])

  def test_500_for_a_bind_error_with_the_resolved_address_in_its_text(self):
    taken = socket.create_server(("127.0.0.1", 0))
    self.addCleanup(taken.close)
    port = taken.getsockname()[1]
    reply = self.call("POST", "/proxies", {"name": "p", "listen": f"localhost:{port}",
                                           "upstream": "127.0.0.1:9"})
    self.assertEqual(reply.status, 500)
    self.assertEqual(reply.json, {"error": f"listen tcp 127.0.0.1:{port}: bind: address already "
                                  "in use", "status": 500, **title_of(reply)})
    self.assertEqual(self.call("GET", "/proxies").json, {})

  def test_texts_of_errors_that_suites_compare(self):
    self.proxy(echo)
    self.toxic("latency", {}, name="t")
    for method, path, body, status, text in (
        ("POST", "/proxies", {"upstream": "x:1"}, 400, "missing required field: name"),
        ("POST", "/proxies", {"name": "q"}, 400, "missing required field: upstream"),
        ("POST", "/populate", [{"name": "q", "upstream": "x:1"}, {"upstream": "x:1"}], 400,
         "missing required field: name at proxy 2"),
        ("GET", "/proxies/q", None, 404, "proxy not found"),
        ("POST", "/proxies", {"name": "p", "upstream": "x:1"}, 409, "proxy already exists"),
        ("POST", "/proxies/p/toxics", {"name": "t", "type": "noop"}, 409, "toxic already exists"),
        ("GET", "/proxies/p/toxics/u", None, 404, "toxic not found"),
        ("POST", "/proxies/p/toxics", {"type": "nope"}, 400, "invalid toxic type"),
        ("POST", "/proxies/p/toxics", {"type": "noop", "stream": "side"}, 400,
         "stream was invalid, can be either upstream or downstream"),
        ("POST", "/proxies", {"name": "q", "listen": "127.0.0.1:99999", "upstream": "x:1"}, 500,
         "listen tcp: address 99999: invalid port"),
        ("POST", "/proxies", {"name": "q", "listen": "local373", "upstream": "x:1"}, 500,
         "listen tcp: address local373: missing port in address"),
        ("POST", "/proxies/p", {"listen": "bad"}, 500, "address bad: missing port in address"),
    ):
      with self.subTest(text):
        reply = self.call(method, path, body)
        self.assertEqual((reply.status, reply.json["error"], reply.json["status"]),
                         (status, text, status))
    self.assertEqual(list(self.call("GET", "/proxies").json), ["p"])
    for body, text in ((b"", "bad request body: EOF"), (b'{"name":', None), (b"[1]", None)):
      reply = self.server.raw("POST", "/proxies", body)
      self.assertEqual(reply.status, 400)
      self.assertTrue(reply.json["error"].startswith(text or "bad request body: "))

  def test_keys_in_any_case_and_null_as_absent(self):
    upstream = self.upstream()
    body = {"NAME": "p", "Listen": "127.0.0.1:0", "uPsTrEaM": upstream.address, "enabled": None,
            "toxics": None, "unknown": 1}
    made = self.call("POST", "/proxies", body, 201).json
    self.assertTrue(made["enabled"])
    toxic = {"Type": "latency", "Stream": "UpStream", "Name": None, "TOXICITY": None,
             "Attributes": {"LATENCY": 7, "jitter": None}}
    made = self.call("POST", "/proxies/p/toxics", toxic, 200).json
    self.assertEqual(made, {"attributes": {"latency": 7, "jitter": 0}, "name": "latency_UpStream",
                            "type": "latency", "stream": "UpStream", "toxicity": 1})
    self.call("POST", "/proxies/p/toxics", {"type": "noop", "attributes": None, "stream": None},
              200)
    change = {"listen": None, "upstream": None, "enabled": None}
    self.assertTrue(self.call("POST", "/proxies/p", change, 200).json["enabled"])

  def test_localhost_listens_on_ipv4_and_answers_the_resolved_address(self):
    port = free_port()
    self.assertEqual(self.proxy(echo, listen=f"localhost:{port}"), f"127.0.0.1:{port}")
    for number, text in enumerate((f":{free_port()}", f"0.0.0.0:{free_port()}")):
      listen = self.proxy(echo, name=str(number), listen=text)
      self.assertEqual(listen, "[::]:" + text.rsplit(":", 1)[1])
      self.settled("127.0.0.1:" + text.rsplit(":", 1)[1])
    self.assertEqual(self.proxy(echo, name="off", listen="localhost:0", enabled=False),
                     "localhost:0")

  def test_same_port_after_re_enable(self):
    listen = self.proxy(echo)
    for _ in range(3):
      self.call("POST", "/proxies/p", {"enabled": False}, 200)
      again = self.call("POST", "/proxies/p", {"enabled": True}, 200).json
      self.assertEqual(again["listen"], listen)
    self.settled(listen)

  def test_populate_leaves_matching_proxies_alone(self):
    upstream, port = self.upstream(), free_port()
    listen = self.proxy(upstream, listen=f"127.0.0.1:{port}")
    self.toxic("noop", {}, name="mine")
    connection = self.settled(listen)
    entry = {"name": "p", "listen": f"localhost:{port}", "upstream": upstream.address,
             "enabled": False}
    answer = self.call("POST", "/populate", [entry], 201).json["proxies"][0]
    self.assertTrue(answer["enabled"])
    self.assertEqual([toxic["name"] for toxic in answer["toxics"]], ["mine"])
    connection.sendall(b"!")
    self.assertEqual(connection.recv(1), b"!")
    other = {**entry, "upstream": self.upstream().address, "enabled": True}
    answer = self.call("POST", "/populate", [other], 201).json["proxies"][0]
    self.assertEqual(answer["toxics"], [])
    self.assertEqual(connection.recv(1), b"")

  def test_populate_stops_at_the_first_failure_and_keeps_what_it_has_done(self):
    entries = [{"name": name, "listen": listen, "upstream": "127.0.0.1:9"}
               for name, listen in (("a", "127.0.0.1:0"), ("b", "local373"), ("c", "127.0.0.1:0"))]
    reply = self.call("POST", "/populate", entries)
    self.assertEqual(reply.status, 500)
    self.assertEqual(set(reply.json) - {"title"}, {"error", "status", "proxies"})
    self.assertEqual([each["name"] for each in reply.json["proxies"]], ["a"])
    self.assertEqual(list(self.call("GET", "/proxies").json), ["a"])

  def test_proxies_are_sorted_bytewise(self):
    for name in ("b", "a:1", "Z", "a", "é"):
      self.proxy("127.0.0.1:9", name=name)
    self.assertEqual(list(self.call("GET", "/proxies").json), ["Z", "a", "a:1", "b", "é"])

  def test_rate_0_blocks_and_holds(self):
    listen = self.proxy(greeter(b"hello"))
    self.toxic("bandwidth", {}, name="CUT_CONNECTION_DOWNSTREAM")
    seen = self.watch(listen)
    time.sleep(0.5)
    self.assertEqual((seen.data, seen.end), (b"", None))
    self.remove_toxic("CUT_CONNECTION_DOWNSTREAM")
    self.assertEqual(seen.wait_bytes(5).data, b"hello")

  def test_timeout_0_never_closes_and_its_removal_closes(self):
    listen = self.proxy(echo)
    connection = self.settled(listen)
    self.toxic("timeout", {})
    seen = Arrivals(connection)
    connection.sendall(b"lost")
    time.sleep(1)
    self.assertEqual((seen.data, seen.end), (b"", None))
    self.remove_toxic("timeout_downstream")
    self.assertEqual((seen.wait_end().data, seen.end[0]), (b"", "eof"))

  def test_an_unreachable_upstream_gives_eof_and_no_reset(self):
    for upstream in (f"127.0.0.1:{free_port()}", "no port", "name.invalid:80", ""):
      with self.subTest(upstream):
        listen = self.proxy(upstream or "127.0.0.1:9", name="x")
        if not upstream:  # is taken by an update alone
          self.call("POST", "/proxies/x", {"upstream": ""}, 200)
        self.assertEqual(self.watch(listen).wait_end().end[0], "eof")
        self.call("DELETE", "/proxies/x", expect=204)

  def test_changes_are_in_force_when_the_answer_arrives(self):
    listen = self.proxy(echo)
    connection = self.settled(listen)
    seen = Arrivals(connection)
    def took():
      sent, had = now() - seen.start, len(seen.data)
      connection.sendall(b"x")
      return seen.wait_bytes(had + 1).moments(1)[-1] - sent
    for _ in range(5):
      self.toxic("latency", {"latency": 100})
      self.assert_at(took(), 0.1)
      self.update_toxic("latency_downstream", attributes={"latency": 60_000})
      self.remove_toxic("latency_downstream")
      self.assert_at(took(), 0)
    for _ in range(20):
      self.call("POST", "/proxies/p", {"enabled": False}, 200)
      self.assert_refused(listen)
      self.call("POST", "/proxies/p", {"enabled": True}, 200)
      self.connect(listen).close()
    self.call("DELETE", "/proxies/p", expect=204)
    self.assert_refused(listen)
    self.assertEqual(seen.wait_end().end[0], "eof")

  def test_browsers_are_refused_on_routes_alone(self):
    for path, agent, status in (
        ("/version", "Mozilla/5.0 (X11)", 403), ("/version", "Mozilla", 200),
        ("/version", "curl/8 Mozilla/5.0", 200), ("/", "Mozilla/5.0", 404)):
      reply = self.server.raw("GET", path, headers={"User-Agent": agent})
      self.assertEqual(reply.status, status, f"{path} {agent}")
      if status == 403:
        self.assertEqual(reply.body, "User agent not allowed\n")

  def test_bytes_of_version(self):
    reply = self.call("GET", "/version", expect=200)
    self.assertEqual(reply.body, '{"version": "2.12.0"}\n')
    self.assertEqual(reply.headers["Content-Type"], "application/json;charset=utf-8")


def title_of(reply):
  """The key of 1.x that one client still looks for; the same text as `error` if it is there."""
  return {"title": reply.json["error"]} if "title" in reply.json else {}
