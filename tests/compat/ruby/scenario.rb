# ruby scenario.rb URL UPSTREAM: a Ruby client through everything that its users do. UPSTREAM is an
# echo. Ends with an exception, or prints "all is well".

require_relative 'toxiproxy'

def check(what, seen, expected)
  raise "#{what}: #{seen.inspect}, not #{expected.inspect}" unless expected == seen || expected === seen
end

def fails(what, error)
  yield
rescue error => e
  e
else
  raise "#{what}: no #{error}"
end

def now
  Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

def ask(proxy)
  socket = proxy.connect
  socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
  began = now
  socket.write('ping')
  check('echo', socket.readpartial(4), 'ping')
  now - began
ensure
  socket&.close
end

url, upstream = ARGV
Toxiproxy.host = url
check('version', Toxiproxy.version, '2.12.0')
check('updates', Toxiproxy.update_method, Net::HTTP::Patch)

redis = Toxiproxy.create(name: 'redis:6379', upstream: upstream)
check('listen', redis.listen, /\A127\.0\.0\.1:\d+\z/)
check('enabled', redis.enabled, true)
ask(redis)
fails('created twice', Toxiproxy::ProxyExists) do
  Toxiproxy.create(name: 'redis:6379', upstream: upstream)
end
fails('unknown', Toxiproxy::NotFound) { Toxiproxy['mysql'] }

# Down and up again, on the same port.
before = redis.listen
redis.down { fails('down', Errno::ECONNREFUSED) { redis.connect } }
check('port', redis.listen, before)
ask(redis)

# Latencies, which add up and go with their block.
redis.with('latency', 'downstream', { latency: 100 }) do |toxic|
  check('attributes', toxic['attributes'], { 'latency' => 100, 'jitter' => 0 })
  check('latency of 100', ask(redis), 0.1..10)
  redis.with('latency', 'upstream', { latency: 200 }) do
    check('latency of 300', ask(redis), 0.3..10)
  end
  redis.change(toxic, { latency: 0, jitter: 0 })
end
check('toxics', redis.toxics, [])

# Every other kind.
redis.with('bandwidth', 'downstream', { rate: 1 }) { check('bandwidth', ask(redis), 0.004..10) }
redis.with('slicer', 'upstream', { average_size: 1, size_variation: 0, delay: 1000 }) do
  socket = redis.connect
  socket.write('ping')
  check('sliced echo', socket.read(4), 'ping')
  socket.close
end
redis.with('slow_close', 'downstream', { delay: 100 }) { ask(redis) }
redis.with('timeout', 'downstream', { timeout: 100 }) do
  fails('timeout', EOFError) { ask(redis) }
end
redis.with('limit_data', 'downstream', { bytes: 0 }) { fails('limit', EOFError) { ask(redis) } }
redis.with('reset_peer', 'downstream', { timeout: 0 }) do
  fails('reset', Errno::ECONNRESET) { ask(redis) }
end
redis.with('latency', 'downstream', { latency: 60_000 }, toxicity: 0.0) { ask(redis) }
%w[nonsense LATENCY].each do |type|
  fails(type, Toxiproxy::InvalidToxic) { redis.with(type, 'downstream', {}) {} }
end
fails('stream', Toxiproxy::InvalidToxic) { redis.with('latency', 'sideways', {}) {} }

# Populate, which leaves matching proxies alone, and reset.
entries = [{ name: 'redis:6379', listen: redis.listen, upstream: upstream },
           { name: 'mysql', listen: '127.0.0.1:0', upstream: upstream, enabled: false }]
redis.with('latency', 'downstream', { latency: 1 }) do
  check('populated', Toxiproxy.populate(entries).map(&:name), %w[redis:6379 mysql])
  check('left alone', redis.toxics.size, 1)
end
check('disabled', Toxiproxy['mysql'].enabled, false)
Toxiproxy.reset
check('reset', Toxiproxy['mysql'].enabled, true)
ask(Toxiproxy['mysql'])

check('all', Toxiproxy.all.map(&:name), %w[mysql redis:6379])
Toxiproxy.all.each(&:destroy)
check('none', Toxiproxy.all, [])
puts 'all is well'
