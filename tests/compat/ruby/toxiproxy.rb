# A client of Toxiproxy's API as Ruby's are: `enabled: null` where nothing was asked for, PATCH
# where the server's version is at least 2.6.0, a connection for each request, errors by status
# alone. Standard library only.

require 'erb'
require 'json'
require 'net/http'
require 'socket'

class Toxiproxy
  class NotFound < StandardError; end
  class ProxyExists < StandardError; end
  class InvalidToxic < StandardError; end

  ERRORS = { 404 => NotFound, 409 => ProxyExists, 400 => InvalidToxic }.freeze
  TIMEOUT = 5

  attr_reader :name, :listen, :upstream, :enabled

  def self.host=(url)
    @uri = URI(url)
    @update = nil
  end

  def self.request(kind, path, body = nil)
    http = Net::HTTP.new(@uri.host, @uri.port, nil)
    http.open_timeout = http.read_timeout = TIMEOUT
    request = kind.new(path, 'Connection' => 'close')
    request.body = JSON.generate(body) if body
    answer = http.request(request)
    raise ERRORS.fetch(answer.code.to_i, RuntimeError), answer.body unless
      answer.is_a?(Net::HTTPSuccess)

    answer.body && !answer.body.empty? ? JSON.parse(answer.body) : nil
  end

  def self.version
    request(Net::HTTP::Get, '/version')['version']
  end

  def self.update_method
    modern = Gem::Version.new(version) >= Gem::Version.new('2.6.0')
    @update ||= modern ? Net::HTTP::Patch : Net::HTTP::Post
  end

  def self.all
    request(Net::HTTP::Get, '/proxies').map { |_, keys| new(keys) }
  end

  def self.[](name)
    all.find { |proxy| proxy.name == name } || raise(NotFound, name)
  end

  def self.create(name:, upstream:, listen: nil, enabled: nil)
    body = { name: name, upstream: upstream, listen: listen || 'localhost:0', enabled: enabled }
    new(request(Net::HTTP::Post, '/proxies', body))
  end

  def self.populate(entries)
    answer = request(Net::HTTP::Post, '/populate', entries)
    raise 'no list of proxies' unless answer['proxies'].is_a?(Array)

    answer['proxies'].map { |keys| new(keys) }
  end

  def self.reset
    request(Net::HTTP::Post, '/reset')
  end

  def initialize(keys)
    @name, @listen, @upstream, @enabled = keys.values_at('name', 'listen', 'upstream', 'enabled')
  end

  def path
    "/proxies/#{ERB::Util.url_encode(name)}"
  end

  def connect
    host, port = listen.split(':')
    Socket.tcp(host, port.to_i, connect_timeout: TIMEOUT)
  end

  def update(changes)
    keys = self.class.request(self.class.update_method, path, changes)
    initialize(keys)
    self
  end

  def down
    update('enabled' => false)
    yield
  ensure
    update('enabled' => true)
  end

  def destroy
    self.class.request(Net::HTTP::Delete, path)
  end

  def toxics
    self.class.request(Net::HTTP::Get, "#{path}/toxics")
  end

  # Holds the toxic while the block runs.
  def with(type, stream, attributes, toxicity: 1.0)
    body = { name: "#{type}_#{stream}", type: type, stream: stream, toxicity: toxicity,
             attributes: attributes }
    toxic = self.class.request(Net::HTTP::Post, "#{path}/toxics", body)
    yield toxic
  ensure
    self.class.request(Net::HTTP::Delete, "#{path}/toxics/#{toxic['name']}") if toxic
  end

  def change(toxic, attributes)
    self.class.request(self.class.update_method, "#{path}/toxics/#{toxic['name']}",
                       { attributes: attributes })
  end
end
