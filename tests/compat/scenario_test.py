"""Clients in other languages, each a program that goes through everything with our server."""

import os
import subprocess

from lab import PATIENCE, LabTest, echo

HERE = os.path.dirname(os.path.abspath(__file__))


class Scenario(LabTest):

  def play(self, *command, env=None):
    line = [*command, self.server.url, self.upstream(echo).address]
    ended = subprocess.run(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                           timeout=2 * PATIENCE, check=False, env={**os.environ, **(env or {})})
    self.assertEqual((ended.returncode, ended.stdout), (0, "all is well\n"), ended.stdout)

  def test_node_client_from_npm(self):
    modules = os.environ["BLACKSTART_NODE_MODULES"]
    self.play("node", HERE + "/node/scenario.js", env={"NODE_PATH": modules})

  def test_ruby_client(self):
    self.play("ruby", HERE + "/ruby/scenario.rb")
