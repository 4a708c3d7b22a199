"""Redis, PostgreSQL and nginx from Debian behind a proxy, with their own clients and benchmarks:
what each client says of a slow, narrow, silent, broken or switched off connection."""

import glob
import os
import shutil
import signal
import socket
import subprocess
import tempfile

from lab import PATIENCE, LabTest, endpoint, free_port, now, wait_for


class ServiceTest(LabTest):
  """A service on a free port, the proxy "p" before it."""

  def setUp(self):
    super().setUp()
    self.folder = tempfile.mkdtemp(prefix="blackstart-compat-")
    self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
    port = free_port()
    self.start(port)
    listen = self.proxy(f"127.0.0.1:{port}")
    self.host, self.port = endpoint(listen)

  def background(self, *command):
    with open(self.folder + "/log", "wb") as log:
      process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    self.addCleanup(process.wait, PATIENCE)
    self.addCleanup(process.send_signal, signal.SIGINT)
    return process

  def wait_for_port(self, port):
    def is_up():
      try:
        socket.create_connection(("127.0.0.1", port)).close()
        return True
      except OSError:
        return False
    wait_for(is_up, "the service listens")

  def run_client(self, *command, stdin=None):
    """(exit code, both streams, seconds)"""
    began = now()
    ended = subprocess.run(command, input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                           text=True, timeout=2 * PATIENCE, check=False)
    return ended.returncode, ended.stdout, now() - began

  def switch(self, enabled):
    self.call("POST", "/proxies/p", {"enabled": enabled}, 200)


class Redis(ServiceTest):

  def start(self, port):
    self.background("redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                    "--dir", self.folder)
    self.wait_for_port(port)

  def cli(self, *words, **more):
    return self.run_client("redis-cli", "-p", str(self.port), *words, **more)

  def benchmark(self, *words):
    code, said, took = self.run_client("redis-benchmark", "-p", str(self.port), "-q", *words)
    self.assertEqual(code, 0, said)
    self.assertIn("requests per second", said)
    return took

  def test_redis_benchmark_and_values_that_come_back(self):
    self.benchmark("-n", "5000", "-c", "20", "-P", "8", "-t", "set,get,lrange_100")
    value = "v" * 300_000
    self.assertEqual(self.cli("-x", "set", "key", stdin=value)[1], "OK\n")
    self.assertEqual(self.cli("get", "key")[1], value + "\n")

  def test_redis_under_latency(self):
    self.toxic("latency", {"latency": 100})
    code, said, took = self.cli("-r", "5", "ping")
    self.assertEqual((code, said), (0, "PONG\n" * 5))
    self.assert_at(took, 0.5)
    self.assert_at(self.benchmark("-n", "50", "-c", "25", "-t", "get"), 0.2)

  def test_redis_under_bandwidth(self):
    self.cli("-x", "set", "key", stdin="v" * 50_000)
    self.toxic("bandwidth", {"rate": 100})
    code, said, took = self.cli("get", "key")
    self.assertEqual((code, len(said)), (0, 50_001))
    self.assert_at(took, 0.5)

  def test_redis_under_timeout(self):
    self.toxic("timeout", {"timeout": 300})
    _, said, took = self.cli("ping")
    self.assertIn("Server closed the connection", said)
    self.assert_at(took, 0.3)
    self.remove_toxic("timeout_downstream")
    self.assertEqual(self.cli("ping")[1], "PONG\n")

  def test_redis_under_reset_peer(self):
    self.toxic("reset_peer", {"timeout": 0})
    self.assertIn("Connection reset by peer", self.cli("ping")[1])
    self.remove_toxic("reset_peer_downstream")
    self.assertEqual(self.cli("ping")[1], "PONG\n")

  def test_redis_toggled(self):
    for _ in range(3):
      self.switch(False)
      self.assertIn("Connection refused", self.cli("ping")[1])
      self.switch(True)
      self.assertEqual(self.cli("ping")[1], "PONG\n")


class PostgreSql(ServiceTest):

  def start(self, port):
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
    # It refuses to be root's: here it is somebody else in a user namespace of its own.
    somebody = [] if os.geteuid() else ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
    data = self.folder + "/data"
    subprocess.run([*somebody, programs + "/initdb", "-D", data, "-U", "postgres", "-A", "trust",
                    "-N", "--no-instructions"], stdout=subprocess.DEVNULL, check=True)
    self.background(*somebody, programs + "/postgres", "-D", data, "-k", self.folder, "-h",
                    "127.0.0.1", "-p", str(port), "-c", "fsync=off")
    wait_for(lambda: "ready to accept connections" in self.log(), "PostgreSQL is ready")

  def log(self):
    with open(self.folder + "/log", encoding="utf-8") as file:
      return file.read()

  def at_proxy(self):
    return ["-h", self.host, "-p", str(self.port), "-U", "postgres"]

  def sql(self, statement):
    return self.run_client("psql", *self.at_proxy(), "-X", "-A", "-t", "-c", statement)

  def pgbench(self, *words):
    code, said, _ = self.run_client("pgbench", *self.at_proxy(), *words, "postgres")
    self.assertEqual(code, 0, said)
    return said

  def test_postgresql_pgbench(self):
    self.pgbench("-i", "-q", "-s", "1")
    said = self.pgbench("-c", "8", "-j", "2", "-t", "50")
    self.assertIn("number of transactions actually processed: 400/400", said)
    self.assertIn("number of failed transactions: 0", said)

  def test_postgresql_under_latency_and_bandwidth(self):
    self.toxic("latency", {"latency": 100})
    code, said, took = self.sql("select 6 * 7")
    self.assertEqual((code, said), (0, "42\n"))
    self.assert_at(took, 0.2)  # greeting and answer at least
    self.remove_toxic("latency_downstream")
    self.toxic("bandwidth", {"rate": 100})
    code, said, took = self.sql("select repeat('x', 50000)")
    self.assertEqual((code, len(said)), (0, 50_001))
    self.assert_at(took, 0.5)

  def test_postgresql_under_timeout_and_reset_peer(self):
    self.toxic("timeout", {"timeout": 300})
    code, said, took = self.sql("select 1")
    self.assertEqual(code, 2)
    self.assertIn("server closed the connection unexpectedly", said)
    self.assertGreaterEqual(took, 0.3)
    self.remove_toxic("timeout_downstream")
    self.toxic("reset_peer", {"timeout": 0})
    code, said, _ = self.sql("select 1")
    self.assertEqual(code, 2)
    self.assertRegex(said, "Connection reset by peer|server closed the connection")
    self.remove_toxic("reset_peer_downstream")
    self.assertEqual(self.sql("select 1")[1], "1\n")

  def test_postgresql_toggled(self):
    for _ in range(2):
      self.switch(False)
      self.assertIn("Connection refused", self.sql("select 1")[1])
      self.switch(True)
      self.assertEqual(self.sql("select 1")[1], "1\n")


class Nginx(ServiceTest):

  def start(self, port):
    with open(self.folder + "/nginx.conf", "w", encoding="ascii") as file:
      # Or it gives its folders to a user that a namespace of one user does not have.
      file.write(f"""
        user root; daemon off; master_process off; pid {self.folder}/pid; error_log stderr;
        events {{ }}
        http {{
          access_log off; client_body_temp_path {self.folder}/body;
          proxy_temp_path {self.folder}/proxy; fastcgi_temp_path {self.folder}/fastcgi;
          uwsgi_temp_path {self.folder}/uwsgi; scgi_temp_path {self.folder}/scgi;
          server {{ listen 127.0.0.1:{port}; root {self.folder}; }}
        }}""")
    for name, size in (("small", 50_000), ("large", 20_000_000)):
      with open(f"{self.folder}/{name}", "wb") as file:
        file.write(os.urandom(size))
    self.background("nginx", "-p", self.folder, "-c", "nginx.conf", "-e", "stderr")
    self.wait_for_port(port)

  def curl(self, path, *words):
    """(exit code of curl, the status, seconds, whether the file came as it is)"""
    copy = self.folder + "/copy"
    url = f"http://{self.host}:{self.port}/{path}"
    code, said, took = self.run_client("curl", "-s", "--noproxy", "*", "-o", copy, "-w",
                                       "%{http_code}", *words, url)
    return code, said, took, code == 0 and self.same(path, copy)

  def same(self, path, copy):
    with open(f"{self.folder}/{path}", "rb") as one, open(copy, "rb") as other:
      return one.read() == other.read()

  def test_nginx_large_file(self):
    code, status, _, whole = self.curl("large")
    self.assertEqual((code, status, whole), (0, "200", True))

  def test_nginx_under_latency(self):
    self.toxic("latency", {"latency": 300})
    code, status, took, whole = self.curl("small")
    self.assertEqual((code, status, whole), (0, "200", True))
    self.assert_at(took, 0.3)

  def test_nginx_under_bandwidth(self):
    self.toxic("bandwidth", {"rate": 100})
    code, _, took, whole = self.curl("small")
    self.assertEqual((code, whole), (0, True))
    self.assert_at(took, 0.5)
    self.toxic("slicer", {"average_size": 500, "size_variation": 100, "delay": 100})
    self.assertTrue(self.curl("small")[3])

  def test_nginx_under_timeout(self):
    self.toxic("timeout", {"timeout": 300})
    code, _, took, _ = self.curl("small")
    self.assertEqual(code, 52)  # an empty reply
    self.assert_at(took, 0.3)
    self.update_toxic("timeout_downstream", attributes={"timeout": 0})
    self.assertEqual(self.curl("small", "--max-time", "0.5")[0], 28)  # curl's own time is over

  def test_nginx_under_reset_peer_and_limit_data(self):
    self.toxic("reset_peer", {"timeout": 0})
    self.assertEqual(self.curl("small")[0], 56)  # failure in receiving
    self.remove_toxic("reset_peer_downstream")
    self.toxic("limit_data", {"bytes": 10_000})
    self.assertEqual(self.curl("small")[0], 18)  # a part of the file
    self.remove_toxic("limit_data_downstream")
    self.assertTrue(self.curl("small")[3])

  def test_nginx_toggled_in_the_middle_of_a_download(self):
    self.toxic("bandwidth", {"rate": 1000})
    url = f"http://{self.host}:{self.port}/large"
    download = subprocess.Popen(["curl", "-s", "--noproxy", "*", "-o", self.folder + "/copy", url])
    self.addCleanup(download.wait, PATIENCE)
    wait_for(lambda: os.path.exists(self.folder + "/copy"), "the download has begun")
    self.switch(False)
    self.assertEqual(download.wait(PATIENCE), 18)
    self.assertEqual(self.curl("small")[0], 7)  # refused
    self.call("POST", "/reset", expect=204)
    self.assertTrue(self.curl("large")[3])
