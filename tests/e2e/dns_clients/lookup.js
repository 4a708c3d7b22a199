// Node's two resolvers for many rows at once: dns.lookup (getaddrinfo) and dns.resolve4 (c-ares).
//
//   node lookup.js ROW…
//
// Asks lookup.ROW.t and resolve4.ROW.t; prints NAME RESULT SECONDS for each.

'use strict';
process.env.UV_THREADPOOL_SIZE = '64';  // lookups block a thread each
const dns = require('dns');

function ask(name, how) {
  const began = process.hrtime.bigint();
  how(name, (error) => {
    const took = Number(process.hrtime.bigint() - began) / 1e9;
    console.log(`${name} ${error ? error.code : 'OK'} ${took.toFixed(2)}`);
  });
}

for (const row of process.argv.slice(2)) {
  ask(`lookup.${row}.t`, dns.lookup);
  // One of its own for each row: c-ares adapts its timeouts to what it met before, and shares a
  // TCP connection. By default it tries four times, which takes 21 to 30 s.
  const resolver = new dns.Resolver({timeout: 2000, tries: 2});
  ask(`resolve4.${row}.t`, resolver.resolve4.bind(resolver));
}
