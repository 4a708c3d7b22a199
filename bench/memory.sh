#!/bin/sh
# What a long run keeps: 10 probes at 10 ms for 6 minutes, which are the samples of an hour at
# 100 ms, on a network of its own; then what it takes to report them. Ends with 1 where a goal is
# missed. usage: bench/memory.sh [BIN] [SECONDS]
set -eu
[ "${BLACKSTART_BENCH_INSIDE:-}" ] || BLACKSTART_BENCH_INSIDE=1 exec unshare -rn "$0" "$@"
bin=$(realpath "${1:-build/bench/bin}")
span=${2:-360}
work=$(mktemp -d)
cd "$work"
ip link set lo up
"$bin/blackstart-wallet" ledger --listen 127.0.0.1:8545 --item alice=42.5 >/dev/null &
ledger=$!
trap 'kill $ledger; rm -rf "$work"' EXIT

# Two cuts of a twentieth each. The early one has every probe wait for as many answers as it may,
# which is the most that a run ever holds: what comes after must not add to it.
cut=$((span / 20))
{
  echo 'blackstart: 1'
  echo 'title: an hour of samples'
  echo 'targets: {ledger: {cidr: [127.0.0.1/32], port: [8545], protocol: tcp}}'
  echo 'probes:'
  for i in 0 1 2 3 4 5 6 7 8 9; do
    echo "  p$i: {http: 'http://127.0.0.1:8545/balance/alice', every: 10ms,"
    echo '    truth: {json: {/balance: 42.5}}}'
  done
  echo 'watch: {baseline: 0s, hold: 2s, limit: 30s}'
  echo 'timeline:'
  for at in $cut $((span - 2 * cut)); do
    echo "  - {at: ${at}s, for: ${cut}s, partition: {target: ledger, how: drop}}"
  done
} >hour.yaml

rss_kib() { sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"; }

"$bin/blackstart" run hour.yaml --quiet --plain --out run >/dev/null &
run=$!
while rss=$(rss_kib $run 2>/dev/null) && [ "$rss" ]; do
  echo "$rss" >>rss
  sleep 1
done
wait $run && code=0 || code=$?

samples=$(grep -c '"e":"sample"' run/journal.jsonl)
echo "$samples samples of 10 probes, journal $(($(stat -c %s run/journal.jsonl) >> 20)) MiB, exit code $code, load $(cut -d' ' -f1 /proc/loadavg)"
missed=0
awk -v code="$code" '
  function median_of(from, to,   i, j, n, v, t) {
    n = 0
    for (i = from; i < to; ++i) {
      v[n] = rss[i]
      for (j = n++; j > 0 && v[j] < v[j - 1]; --j) { t = v[j]; v[j] = v[j - 1]; v[j - 1] = t }
    }
    return v[int(n / 2)] / 1024
  }
  { rss[n++] = $1; if ($1 > most) most = $1 }
  END {
    first = median_of(0, int(n / 3)); last = median_of(int(n * 2 / 3), n)
    printf "run     RSS at 10 %% %.1f MiB, at 50 %% %.1f, at the end %.1f, most %.1f (goal < 64)\n",
      rss[int(n / 10)] / 1024, rss[int(n / 2)] / 1024, rss[n - 1] / 1024, most / 1024
    printf "        median of its first third %.1f MiB, of its last %.1f (goal: within 1)\n", first, last
    exit code != 0 || most >= 64 * 1024 || last > first + 1
  }' rss || missed=1

# The most it ever had is known to whoever waits for it.
python3 - "$bin/blackstart" <<'P' || missed=1
import os, resource, subprocess, sys, time
began = time.monotonic()
code = subprocess.run([sys.argv[1], "report", "run", "--format", "json"],
                      stdout=subprocess.DEVNULL).returncode
took = time.monotonic() - began
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
print(f"report  most RSS {most:.1f} MiB (goal < 64), {took:.1f} s")
sys.exit(code != 0 or most >= 64)
P
exit $missed
