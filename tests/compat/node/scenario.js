// node scenario.js URL UPSTREAM: the published Node client through everything that it can do.
// UPSTREAM is an echo. Ends with an exception, or prints "all is well". NODE_PATH names the folder
// that `npm ci` has filled.

'use strict';
const assert = require('node:assert/strict');
const net = require('node:net');
const {Toxiproxy} = require('toxiproxy-node-client');

const [url, upstream] = process.argv.slice(2);
const late = 10_000;  // ms that a busy machine may take longer

// Milliseconds that an echo takes; rejects where the connection ends without one.
function ask(proxy, bytes = 4) {
  const [host, port] = proxy.listen.split(':');
  return new Promise((resolve, reject) => {
    const socket = net.connect({host, port: Number(port), noDelay: true});
    let began, had = 0;
    socket.on('connect', () => {
      began = performance.now();
      socket.write(Buffer.alloc(bytes));
    });
    socket.on('data', (data) => {
      had += data.length;
      if (had < bytes) return;
      resolve(performance.now() - began);
      socket.destroy();
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('ended')));
  });
}

async function takes(proxy, ms, bytes) {
  const took = await ask(proxy, bytes);
  assert.ok(took >= ms - 2 && took <= ms + late, `${took} ms instead of ${ms}`);
}

const toxic = (type, attributes, more) =>
  ({name: `${type}_downstream`, type, stream: 'downstream', toxicity: 1, attributes, ...more});

async function withToxic(proxy, body, use) {
  const made = await proxy.addToxic(body);
  assert.deepEqual({...made.toJson()}, body);
  await use(made);
  await made.remove();
}

async function main() {
  const toxiproxy = new Toxiproxy(url);
  assert.match(await toxiproxy.getVersion(), /2\.12\.0/);
  assert.deepEqual(await toxiproxy.getAll(), {});

  const redis = await toxiproxy.createProxy(
    {name: 'redis:6379', listen: 'localhost:0', upstream});
  assert.match(redis.listen, /^127\.0\.0\.1:\d+$/);
  assert.equal(redis.enabled, true);
  await ask(redis);
  await assert.rejects(toxiproxy.createProxy(redis.toJson()), /409/);
  await assert.rejects(toxiproxy.get('none'), /404/);
  assert.deepEqual((await toxiproxy.get('redis:6379')).toJson(), redis.toJson());

  const off = await redis.update({enabled: false, listen: redis.listen, upstream});
  assert.equal(off.enabled, false);
  await assert.rejects(ask(redis), {code: 'ECONNREFUSED'});
  const on = await off.update({enabled: true, listen: redis.listen, upstream});
  assert.equal(on.listen, redis.listen);
  await ask(redis);

  await withToxic(redis, toxic('latency', {latency: 150, jitter: 0}), async (made) => {
    await takes(redis, 150);
    const changed = await made.update({...made.toJson(), attributes: {latency: 300, jitter: 0}});
    assert.equal(changed.attributes.latency, 300);
    assert.equal((await redis.getToxic(made.name)).attributes.latency, 300);
    await takes(redis, 300);
    await assert.rejects(redis.addToxic(made.toJson()), /409/);
  });
  await withToxic(redis, toxic('bandwidth', {rate: 100}), () => takes(redis, 200, 20_000));
  await withToxic(redis, toxic('slow_close', {delay: 100}), () => ask(redis));
  await withToxic(redis, toxic('timeout', {timeout: 100}), () => assert.rejects(ask(redis)));
  await withToxic(redis, toxic('reset_peer', {timeout: 0}),
                  () => assert.rejects(ask(redis), {code: 'ECONNRESET'}));
  await withToxic(redis, toxic('slicer', {average_size: 100, size_variation: 10, delay: 1000}),
                  () => takes(redis, 5, 1000));
  await withToxic(redis, toxic('limit_data', {bytes: 3}), () => assert.rejects(ask(redis)));
  const inert = {toxicity: 0, stream: 'upstream', name: 'inert'};
  await withToxic(redis, toxic('latency', {latency: 60_000, jitter: 0}, inert), () => ask(redis));
  await assert.rejects(redis.addToxic(toxic('nonsense', {})), /400/);
  await assert.rejects(redis.getToxic('none'), /404/);

  await redis.addToxic(toxic('latency', {latency: 60_000, jitter: 0}));
  const both = await toxiproxy.populate([
    {name: 'redis:6379', listen: redis.listen, upstream},
    {name: 'mysql', listen: '127.0.0.1:0', upstream, enabled: false},
  ]);
  assert.deepEqual(Object.keys(both).sort(), ['mysql', 'redis:6379']);
  assert.deepEqual(await toxiproxy.populate([]), {});
  await redis.getToxic('latency_downstream');
  await toxiproxy.reset();
  const all = await toxiproxy.getAll();
  assert.equal(all.mysql.enabled, true);
  await assert.rejects(redis.getToxic('latency_downstream'), /404/);
  await ask(all.mysql);

  for (const proxy of Object.values(all)) await proxy.remove();
  assert.deepEqual(await toxiproxy.getAll(), {});
  console.log('all is well');
}

main();
