"""A client of Toxiproxy's API as Python's are: proxies are built from every key of an answer,
updates are POSTs, `listen` is split at its colon. Standard library only."""

import json
import urllib.error
import urllib.parse
import urllib.request


class ToxiproxyError(Exception):
  def __init__(self, status, text):
    super().__init__(f"[{status}] {text}")
    self.status, self.text = status, text


class NotFound(ToxiproxyError):
  pass


class ProxyExists(ToxiproxyError):
  pass


class InvalidToxic(ToxiproxyError):
  pass


KINDS = {404: NotFound, 409: ProxyExists, 400: InvalidToxic}


class Api:
  def __init__(self, url):
    self.url = url
    # A proxy of the environment would stand between.
    self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

  def __call__(self, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(self.url + path, data, method=method,
                                     headers={"User-Agent": "toxiproxy-python"})
    try:
      with self.opener.open(request, timeout=30) as answer:
        text = answer.read()
        return json.loads(text) if text else None
    except urllib.error.HTTPError as error:
      text = error.read().decode()
      try:
        text = json.loads(text)["error"]
      except (ValueError, KeyError):
        pass
      raise KINDS.get(error.code, ToxiproxyError)(error.code, text) from None


class Toxic:
  def __init__(self, name, type, stream, toxicity, attributes):  # pylint: disable=redefined-builtin
    self.name, self.type, self.stream = name, type, stream
    self.toxicity, self.attributes = toxicity, attributes


class Proxy:
  def __init__(self, api, **keys):
    self.api = api
    self.toxics_seen = keys.pop("toxics")
    self.__dict__.update(keys)

  @property
  def path(self):
    return "/proxies/" + urllib.parse.quote(self.name, safe=":")

  @property
  def address(self):
    host, port = self.listen.split(":")
    return host, int(port)

  def update(self, **changes):
    keys = self.api("POST", self.path, changes)
    self.toxics_seen = keys.pop("toxics")
    self.__dict__.update(keys)
    return self

  def disable(self):
    return self.update(enabled=False)

  def enable(self):
    return self.update(enabled=True)

  def destroy(self):
    return self.api("DELETE", self.path)

  def toxics(self):
    return {toxic["name"]: Toxic(**toxic) for toxic in self.api("GET", self.path + "/toxics")}

  def toxic(self, name):
    return Toxic(**self.api("GET", f"{self.path}/toxics/{name}"))

  def add_toxic(self, type, stream="downstream", name=None, toxicity=1.0, attributes=None):
    body = {"name": name or f"{type}_{stream}", "type": type, "stream": stream,
            "toxicity": toxicity, "attributes": attributes or {}}
    return Toxic(**self.api("POST", self.path + "/toxics", body))

  def edit_toxic(self, name, **attributes):
    return Toxic(**self.api("POST", f"{self.path}/toxics/{name}", {"attributes": attributes}))

  def remove_toxic(self, name):
    return self.api("DELETE", f"{self.path}/toxics/{name}")


class Toxiproxy:
  def __init__(self, url):
    self.api = Api(url)

  def version(self):
    return self.api("GET", "/version")["version"]

  def running(self):
    try:
      self.api("GET", "/")
    except NotFound:
      return True
    except OSError:
      return False
    return False

  def proxies(self):
    return {name: Proxy(self.api, **keys) for name, keys in self.api("GET", "/proxies").items()}

  def get(self, name):
    return self.proxies().get(name)

  def create(self, name, upstream, listen="127.0.0.1:0", enabled=None):
    body = {"name": name, "upstream": upstream, "listen": listen, "enabled": enabled}
    return Proxy(self.api, **self.api("POST", "/proxies", body))

  def populate(self, proxies):
    return [Proxy(self.api, **keys) for keys in self.api("POST", "/populate", proxies)["proxies"]]

  def reset(self):
    return self.api("POST", "/reset")
