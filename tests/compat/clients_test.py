"""What each client library relies on beyond the basics, request by request."""

import json
import socket

from lab import LabTest, PATIENCE, echo


class Clients(LabTest):

  def exchange(self, request):
    """Sends bytes; all that comes back until the server closes."""
    with socket.create_connection(("127.0.0.1", self.server.port), PATIENCE) as connection:
      connection.sendall(request)
      out = b""
      while data := connection.recv(65536):
        out += data
      return out.decode()

  def test_dotnet_sends_pascal_case_in_chunks(self):
    upstream = self.upstream()
    body = json.dumps({"Name": "p", "Listen": "127.0.0.1:0", "Upstream": upstream.address,
                       "Enabled": True})
    chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (body[:9], body[9:])) + "0\r\n\r\n"
    said = self.exchange(("POST /proxies HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                          "Content-Type: application/json; charset=utf-8\r\n"
                          "Transfer-Encoding: chunked\r\n\r\n" + chunks).encode())
    self.assertTrue(said.startswith("HTTP/1.1 201 Created\r\n"), said)
    toxic = {"Name": "t", "Stream": "DownStream", "Type": "slow_close", "Toxicity": 1.0,
             "Attributes": {"Delay": 5}}
    made = self.call("POST", "/proxies/p/toxics", toxic, 200).json
    self.assertEqual(made, {"attributes": {"delay": 5}, "name": "t", "type": "slow_close",
                            "stream": "DownStream", "toxicity": 1})
    self.assertEqual(self.call("GET", "/proxies/q").json.get("title"), "proxy not found")

  def test_php_sends_nulls_and_an_empty_array_of_attributes(self):
    listen = self.proxy(echo)
    toxic = {"name": None, "type": "latency", "stream": "downstream", "toxicity": 1,
             "attributes": []}
    made = self.call("POST", "/proxies/p/toxics", toxic, 200).json
    self.assertEqual(made["attributes"], {"latency": 0, "jitter": 0})
    self.call("POST", "/proxies/p/toxics/latency_downstream", {"attributes": []}, 200)
    change = {"name": None, "listen": None, "upstream": None, "enabled": True}
    self.assertEqual(self.call("POST", "/proxies/p", change, 200).json["listen"], listen)

  def test_elixir_decodes_success_by_its_content_type(self):
    self.proxy(echo)
    self.toxic("noop", {}, name="t")
    for method, path, body in (("GET", "/proxies", None), ("GET", "/proxies/p", None),
                               ("GET", "/proxies/p/toxics", None), ("POST", "/proxies/p", {}),
                               ("GET", "/proxies/p/toxics/t", None), ("POST", "/populate", []),
                               ("POST", "/proxies/p/toxics/t", {})):
      reply = self.call(method, path, body)
      self.assertLess(reply.status, 300, path)
      self.assertEqual(reply.headers["Content-Type"], "application/json", path)

  def test_rust_wants_flat_small_whole_numbers_and_lists_alone(self):
    entry = {"name": "p", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"}
    answer = self.call("POST", "/populate", [entry], 201).json
    self.assertTrue(all(isinstance(value, list) for value in answer.values()))
    self.assertEqual(self.call("POST", "/populate", [], 201).json["proxies"] or [], [])
    for kind in ("latency", "bandwidth", "slow_close", "timeout", "reset_peer", "slicer",
                 "limit_data", "noop"):
      self.toxic(kind, {})
    proxy = self.call("GET", "/proxies/p").json
    self.assertEqual(len(proxy["toxics"]), 8)
    for toxic in proxy["toxics"]:
      self.assertEqual(set(toxic), {"attributes", "name", "type", "stream", "toxicity"})
      self.assertTrue(all(type(value) is int for value in toxic["attributes"].values()))

  def test_java_sends_forms_and_leans_on_the_order(self):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for name in ("b", "a"):
      body = json.dumps({"name": name, "listen": "127.0.0.1:0", "upstream": "127.0.0.1:9"})
      self.assertEqual(self.server.raw("POST", "/proxies", body, form).status, 201)
    self.assertEqual(list(self.call("GET", "/proxies").json), ["a", "b"])
    reply = self.server.raw("POST", "/proxies/a", json.dumps({"upstream": "x:1"}), form)
    self.assertEqual((reply.status, reply.json["upstream"]), (200, "x:1"))

  def test_go_sends_the_whole_object_back_with_toxics_that_are_ignored(self):
    self.proxy(echo)
    self.toxic("latency", {"latency": 5}, name="t")
    whole = self.call("GET", "/proxies/p").json
    whole["toxics"][0]["attributes"]["latency"] = 7
    whole["toxics"].append({**whole["toxics"][0], "name": "u"})
    saved = self.call("POST", "/proxies/p", whole, 200).json
    self.assertEqual([(toxic["name"], toxic["attributes"]["latency"]) for toxic in saved["toxics"]],
                     [("t", 5)])
    made = self.call("POST", "/proxies/p/toxics", {"name": "", "type": "noop"}, 200).json
    self.assertEqual((made["name"], made["stream"]), ("noop_downstream", "downstream"))

  def test_testcontainers_waits_for_version_and_names_proxies_with_colons(self):
    self.call("GET", "/version", expect=200)
    listen = self.proxy(echo, name="redis:6379", listen="0.0.0.0:0")
    self.assertRegex(listen, r"^\[::\]:\d+$")
    for path in ("/proxies/redis:6379", "/proxies/redis%3A6379"):
      self.assertEqual(self.call("GET", path, expect=200).json["name"], "redis:6379")
    for stream in ("DOWNSTREAM", "UPSTREAM"):
      self.toxic("bandwidth", {"rate": 0}, name="CUT_CONNECTION_" + stream, proxy="redis:6379",
                 stream=stream)
      self.call("DELETE", "/proxies/redis:6379/toxics/CUT_CONNECTION_" + stream, expect=204)

  def test_ruby_closes_each_connection_and_gets_no_body_with_204(self):
    self.proxy(echo)
    said = self.exchange(b"DELETE /proxies/p HTTP/1.1\r\nHost: localhost\r\n"
                         b"Connection: close\r\n\r\n")
    head, body = said.split("\r\n\r\n", 1)
    self.assertTrue(head.startswith("HTTP/1.1 204 No Content"), head)
    self.assertEqual(body, "")

  def test_requests_may_be_pipelined_old_expectant_or_without_a_length(self):
    one = b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
    last = b"GET /version HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    self.assertEqual(self.exchange(one + one + last).count('{"version": "2.12.0"}'), 3)
    self.assertIn(" 200 ", self.exchange(b"GET /version HTTP/1.0\r\n\r\n"))
    self.assertIn(" 204 ", self.exchange(b"POST /reset HTTP/1.1\r\nHost: localhost\r\n"
                                         b"Connection: close\r\n\r\n"))
    said = self.exchange(b"POST /populate HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
                         b"Expect: 100-continue\r\nConnection: close\r\n\r\n[]")
    self.assertIn("HTTP/1.1 201 ", said)
    self.assertIn(" 400 ", self.exchange(b"GET /version HTTP/1.1\r\nConnection: close\r\n\r\n"))

  def test_unknown_paths_and_methods(self):
    for method, path, status, text in (
        ("GET", "/", 404, "404 page not found\n"),
        ("GET", "/proxies/", 404, "404 page not found\n"),
        ("GET", "/metrics", 404, "404 page not found\n"), ("PUT", "/proxies", 405, ""),
        ("HEAD", "/version", 405, ""), ("OPTIONS", "/proxies/p", 405, "")):
      reply = self.call(method, path)
      self.assertEqual((reply.status, reply.body), (status, text), f"{method} {path}")
      self.assertNotIn("X-Toxiproxy-Request-Id", reply.headers)
    reply = self.call("GET", "/proxies//p")
    self.assertEqual((reply.status, reply.headers["Location"]), (301, "/proxies/p"))
    ids = {self.call("GET", "/proxies/none").headers["X-Toxiproxy-Request-Id"] for _ in range(3)}
    self.assertEqual(len(ids), 3)
    for each in ids:
      self.assertRegex(each, "^[0-9a-v]{20}$")
