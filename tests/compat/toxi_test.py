"""The command-line client, as itself and under the name of the one that it stands in for."""

import os
import subprocess
import tempfile

from lab import BLACKSTART, PATIENCE, LabTest, echo


class Toxi(LabTest):

  def run_with(self, words, command=(BLACKSTART, "toxi"), env=None):
    ended = subprocess.run([*command, *words], stdin=subprocess.DEVNULL, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False,
                           timeout=PATIENCE, env={**os.environ, **(env or {})})
    return ended.returncode, ended.stdout, ended.stderr

  def toxi(self, *words):
    code, said, wrong = self.run_with(["-h", f"127.0.0.1:{self.server.port}", *words])
    self.assertEqual((code, wrong), (0, ""), words)
    return said

  def test_every_verb(self):
    upstream = self.upstream(echo).address
    self.assertEqual(self.toxi("create", "-l", "localhost:0", "-u", upstream, "redis"),
                     "Created new proxy redis\n")
    listen = self.call("GET", "/proxies/redis").json["listen"]
    self.assertEqual(self.toxi("toxic", "add", "-t", "latency", "-a", "latency=100", "-a",
                               "jitter=5", "redis"),
                     "Added downstream latency toxic 'latency_downstream' on proxy 'redis'\n")
    self.assertEqual(self.toxi("t", "a", "--type", "bandwidth", "-n", "bw", "-a", "rate=10", "-u",
                               "--toxicity", "0.25", "redis"),
                     "Added upstream bandwidth toxic 'bw' on proxy 'redis'\n")
    self.assertEqual(self.toxi("list"), f"redis\t{listen}\t{upstream}\tenabled\t2\n")
    self.assertEqual(self.toxi("inspect", "redis"),
                     "bw\ttype=bandwidth\tstream=upstream\ttoxicity=0.25\t"
                     "attributes=[\trate=10\t]\n"
                     "latency_downstream\ttype=latency\tstream=downstream\ttoxicity=1.00\t"
                     "attributes=[\tjitter=5\tlatency=100\t]\n")
    self.assertEqual(self.toxi("toxic", "update", "-n", "bw", "-a", "rate=20", "redis"),
                     "Updated toxic 'bw' on proxy 'redis'\n")
    toxic = self.call("GET", "/proxies/redis/toxics/bw").json
    self.assertEqual((toxic["attributes"], toxic["toxicity"]), ({"rate": 20}, 1))
    self.assertEqual(self.toxi("toggle", "redis"), "Proxy redis is now disabled\n")
    self.assert_refused(listen)
    self.assertEqual(self.toxi("l"), f"redis\t{listen}\t{upstream}\tdisabled\t2\n")
    self.assertEqual(self.toxi("tog", "redis"), "Proxy redis is now enabled\n")
    self.assertEqual(self.toxi("toxic", "remove", "-n", "bw", "redis"),
                     "Removed toxic 'bw' on proxy 'redis'\n")
    self.assertEqual(self.toxi("t", "d", "-n", "latency_downstream", "redis"),
                     "Removed toxic 'latency_downstream' on proxy 'redis'\n")
    self.assertEqual(self.toxi("i", "redis"), "")
    self.assertEqual(self.toxi("delete", "redis"), "Deleted proxy redis\n")
    self.assertEqual(self.toxi("ls"), "")

  def test_names_that_need_care_in_a_path(self):
    for name in ("redis:6379", "a b?c%d", "list", "é"):
      self.toxi("create", "-l", "127.0.0.1:0", "-u", "127.0.0.1:9", name)
      self.toxi("toxic", "add", "-t", "noop", "-n", name, name)
      self.toxi("toxic", "remove", "-n", name, name)
      self.assertEqual(self.toxi("d", name), f"Deleted proxy {name}\n")

  def test_failures_are_on_standard_error_with_the_status(self):
    at = ["--host", self.server.url]
    self.proxy(echo)
    for words, text in ((["inspect", "q"], "HTTP 404: proxy not found"),
                        (["create", "-l", "127.0.0.1:0", "-u", "x:1", "p"],
                         "HTTP 409: proxy already exists"),
                        (["toxic", "add", "-t", "nope", "p"], "HTTP 400: invalid toxic type"),
                        (["toxic", "remove", "-n", "t", "p"], "HTTP 404: toxic not found"),
                        (["toxic", "add", "-t", "latency", "-a", "latency=fast", "p"],
                         "HTTP 400: bad request body: ")):
      code, said, wrong = self.run_with([*at, *words])
      self.assertEqual((code, said), (1, ""), words)
      self.assertIn(text, wrong)

  def test_as_toxiproxy_cli_with_the_server_in_the_environment(self):
    self.proxy(echo, name="redis")
    with tempfile.TemporaryDirectory() as folder:
      link = os.path.join(folder, "toxiproxy-cli")
      os.symlink(os.path.abspath(BLACKSTART), link)
      code, said, _ = self.run_with(["list"], [link], {"TOXIPROXY_URL": self.server.url})
    self.assertEqual((code, said.split("\t")[0]), (0, "redis"))
