"""What the compat ring's tests share: our server as a process of its own, servers behind its
proxies, and connections that note when bytes arrived. Standard library only."""

import http.client
import json
import os
import random
import re
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BLACKSTART = os.environ.get("BLACKSTART", ROOT + "/build/dev/bin/blackstart")

# A busy machine delivers late and nobody minds; early is a mistake anywhere.
LATE = 10.0
# Where a test waits for what must happen at all.
PATIENCE = 30.0


def now():
  return time.monotonic()


def free_port():
  """A port that nobody has, from below those that the kernel gives to outgoing connections."""
  while True:
    port = random.randrange(20000, 32000)
    with socket.socket() as probe:
      try:
        probe.bind(("127.0.0.1", port))
        return port
      except OSError:
        pass


def endpoint(text):
  """("127.0.0.1", 6379) of "127.0.0.1:6379"."""
  host, port = text.rsplit(":", 1)
  return host.strip("[]"), int(port)


class Reply:
  def __init__(self, status, headers, body):
    self.status, self.headers, self.body = status, headers, body

  @property
  def json(self):
    return json.loads(self.body)


class Server:
  """`blackstart serve` on a free port of its own, ended with the test."""

  def __init__(self, *flags, env=None):
    self.port = free_port()
    self.log = tempfile.TemporaryFile()
    self.process = subprocess.Popen(
      [BLACKSTART, "serve", "-port", str(self.port), *flags], stdin=subprocess.DEVNULL,
      stdout=self.log, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})
    self._wait_until_up()

  def _wait_until_up(self):
    deadline = now() + PATIENCE
    while now() < deadline and self.process.poll() is None:
      try:
        if self.call("GET", "/version").status == 200:
          return
      except OSError:
        time.sleep(0.02)
    said = self.output()
    self.end()
    raise AssertionError("the server does not come up:\n" + said)

  @property
  def url(self):
    return f"http://127.0.0.1:{self.port}"

  def output(self):
    self.log.seek(0)
    return self.log.read().decode()

  def raw(self, method, path, body=None, headers=None):
    """A request on a connection of its own; `body` as it is."""
    connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
    try:
      connection.request(method, path, body=body, headers=headers or {})
      answer = connection.getresponse()
      return Reply(answer.status, answer.headers, answer.read().decode())
    finally:
      connection.close()

  def call(self, method, path, body=None):
    return self.raw(method, path, None if body is None else json.dumps(body))

  def resident_bytes(self):
    with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as file:
      return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

  def end(self):
    """Its exit code."""
    if self.process.poll() is None:
      self.process.terminate()
    try:
      code = self.process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
      self.process.kill()
      code = self.process.wait()
    self.said = self.output()
    self.log.close()
    return code


class Upstream:
  """A server on a free port of 127.0.0.1: `handler(connection)` for each client, in a thread."""

  def __init__(self, handler):
    self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
    self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
    self.handler = handler
    self.open = []
    threading.Thread(target=self._accept, daemon=True).start()

  def _accept(self):
    while True:
      try:
        connection, _ = self.listener.accept()
      except OSError:
        return
      connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
      self.open.append(connection)
      threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

  def _serve(self, connection):
    try:
      self.handler(connection)
    except OSError:
      pass
    finally:
      connection.close()

  def end(self):
    for connection in [self.listener, *self.open]:
      try:
        connection.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in it
      except OSError:
        pass
    self.listener.close()


def echo(connection):
  while data := connection.recv(65536):
    connection.sendall(data)


def idle(connection):
  while connection.recv(65536):
    pass


def blast(connection):
  while True:
    connection.sendall(bytes(1 << 16))


def sender(data):
  """Sends `data` and closes."""
  return lambda connection: connection.sendall(data)


def greeter(data):
  """Sends `data`, then listens until the client leaves."""
  def handler(connection):
    connection.sendall(data)
    idle(connection)
  return handler


class Arrivals:
  """What arrives on a connection: [(seconds since `start`, bytes)…], until it ends."""

  def __init__(self, connection, start=None):
    self.connection, self.start = connection, start or now()
    self.pieces = []
    self.end = None  # ("eof" or "reset", seconds)
    self.thread = threading.Thread(target=self._read, daemon=True)
    self.thread.start()

  def _read(self):
    try:
      while data := self.connection.recv(65536):
        self.pieces.append((now() - self.start, data))
      self.end = ("eof", now() - self.start)
    except ConnectionResetError:
      self.end = ("reset", now() - self.start)
    except OSError:
      self.end = ("closed", now() - self.start)

  def wait_end(self):
    self.thread.join(PATIENCE)
    if self.end is None:
      raise AssertionError("the connection does not end")
    return self

  def wait_bytes(self, count):
    deadline = now() + PATIENCE
    while len(self.data) < count and self.end is None and now() < deadline:
      time.sleep(0.002)
    if len(self.data) < count:
      raise AssertionError(f"{len(self.data)} of {count} bytes came; then {self.end}")
    return self

  @property
  def data(self):
    return b"".join(data for _, data in list(self.pieces))

  def moments(self, size):
    """When each of the `size`-byte messages was there as a whole."""
    out, have = [], 0
    for moment, data in list(self.pieces):
      have += len(data)
      while len(out) < have // size:
        out.append(moment)
    return out


class LabTest(unittest.TestCase):
  """A test with a server; `self.flags` are its flags."""

  flags = ()

  def setUp(self):
    self.server = Server(*self.flags)
    self.addCleanup(self.end_server)

  def end_server(self):
    code = self.server.end()
    self.assertEqual(code, 0, self.server.said)
    self.assertNotRegex(self.server.said, "ERROR: (Address|Leak|Undefined)|runtime error:")

  def call(self, method, path, body=None, expect=None):
    reply = self.server.call(method, path, body)
    if expect is not None:
      self.assertEqual(reply.status, expect, f"{method} {path}: {reply.body}")
    return reply

  def upstream(self, handler=echo):
    upstream = Upstream(handler)
    self.addCleanup(upstream.end)
    return upstream

  def proxy(self, upstream, name="p", listen="127.0.0.1:0", **more):
    """Creates a proxy; its listen address. `upstream`: an Upstream, a handler or a text."""
    if callable(upstream):
      upstream = self.upstream(upstream)
    address = getattr(upstream, "address", upstream)
    body = {"name": name, "listen": listen, "upstream": address, **more}
    return self.call("POST", "/proxies", body, 201).json["listen"]

  def toxic(self, kind, attributes, name=None, proxy="p", **more):
    body = {"type": kind, "attributes": attributes, **more}
    if name is not None:
      body["name"] = name
    return self.call("POST", f"/proxies/{proxy}/toxics", body, 200).json

  def update_toxic(self, name, proxy="p", **change):
    return self.call("PATCH", f"/proxies/{proxy}/toxics/{name}", change, 200).json

  def remove_toxic(self, name, proxy="p"):
    self.call("DELETE", f"/proxies/{proxy}/toxics/{name}", expect=204)

  def connect(self, listen):
    connection = socket.create_connection(endpoint(listen), PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    self.addCleanup(connection.close)
    return connection

  def watch(self, listen):
    """A new connection's arrivals, with times from before it began."""
    start = now()
    return Arrivals(self.connect(listen), start)

  def settled(self, listen):
    """A connection over which the upstream, an echo, has already answered."""
    connection = self.connect(listen)
    connection.sendall(b"?")
    self.assertEqual(connection.recv(1), b"?")
    return connection

  def assert_at(self, moment, expected, what=""):
    """Never early, and late only as a busy machine is."""
    self.assertGreaterEqual(moment, expected - 0.002, f"{what}: early")
    self.assertLessEqual(moment, expected + LATE, f"{what}: late")

  def assert_refused(self, listen):
    with self.assertRaises(ConnectionRefusedError):
      socket.create_connection(endpoint(listen), PATIENCE).close()


def abandon(connection):
  """Closes with a reset, as a process that dies with unread data does."""
  connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
  connection.close()


def wait_for(condition, what):
  deadline = now() + PATIENCE
  while not condition():
    if now() > deadline:
      raise AssertionError("never: " + what)
    time.sleep(0.01)


def metric(text, name, **labels):
  """The value of a Prometheus series; None if there is none."""
  for line in text.splitlines():
    match = re.fullmatch(re.escape(name) + r"\{(.*)\} (\S+)", line)
    if match and all(f'{key}="{value}"' in match[1] for key, value in labels.items()):
      return float(match[2])
  return None
