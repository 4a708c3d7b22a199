#!/bin/sh
# The embedded resolver beside knot, unbound, dnsmasq and a bare recvmmsg responder, all in one
# run, interleaved, one thread each: server on core 0, client (and upstream) on core 1.
#
#   bench/dns.sh [BIN]      BIN holds bench_* of a release build; default build/release/bin
#
# ROUNDS (5) and SECONDS_EACH (1) may be set. Medians are printed; about 90 seconds.
set -eu

bin=${1:-$(dirname "$0")/../build/release/bin}
rounds=${ROUNDS:-5}
seconds=${SECONDS_EACH:-1}
dir=$(mktemp -d)
pids=
cleanup() {
  # shellcheck disable=SC2086  # a list of words
  [ -z "$pids" ] || kill $pids 2>/dev/null || true
  wait
  rm -rf "$dir"
}
trap cleanup EXIT INT TERM

ahead=
bare=5900 knot=5901 unbound=5902 dnsmasq=5903 ours=5904

# Starts its arguments on a core; a peer that is not installed is left out.
start() {
  core=$1
  shift
  command -v "$1" >/dev/null || return 0
  taskset -c "$core" "$@" >"$dir/log.${1##*/}" 2>&1 &
  pids="$pids $!"
}

write_configs() {
  cat >"$dir/knot.conf" <<EOF
server:
    listen: 127.0.0.1@$knot
    rundir: $dir
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: $dir
zone:
  - domain: w.example
    file: $dir/w.example.zone
EOF
  cat >"$dir/w.example.zone" <<EOF
w.example. 60 SOA ns.w.example. host.w.example. 1 3600 600 86400 60
w.example. 60 NS ns.w.example.
w.example. 60 A 192.0.2.1
*.w.example. 60 A 192.0.2.1
EOF
  cat >"$dir/unbound.conf" <<EOF
server:
  interface: 127.0.0.1
  port: $unbound
  access-control: 127.0.0.0/8 allow
  num-threads: 1
  do-daemonize: no
  chroot: ""
  username: ""
  pidfile: ""
  directory: "$dir"
  use-syslog: no
  module-config: "iterator"
  do-not-query-localhost: no
  qname-minimisation: no
  outgoing-range: 8192
  num-queries-per-thread: 4096
  so-rcvbuf: 4m
  local-zone: "w.example." redirect
  local-data: "w.example. 60 A 192.0.2.1"
remote-control:
  control-enable: no
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@$bare
EOF
}

start_all() {
  write_configs
  start 1 "$bin/bench_responder" 5910  # the upstream, beside the client
  start 0 "$bin/bench_responder" $bare
  sed -i "s/127.0.0.1@$bare/127.0.0.1@5910/" "$dir/unbound.conf"
  start 0 knotd -c "$dir/knot.conf"
  start 0 unbound -d -c "$dir/unbound.conf"
  start 0 dnsmasq --keep-in-foreground --conf-file=/dev/null --no-resolv --no-hosts --user=root \
    --pid-file= --port=$dnsmasq --listen-address=127.0.0.1 --bind-interfaces --cache-size=0 \
    --dns-forward-max=10000 --address=/w.example/192.0.2.1 --server=127.0.0.1#5910
  start 0 "$bin/bench_resolver" 127.0.0.1:$ours --upstream 127.0.0.1:5910 \
    --answer '*.w.example=spoof'
  sleep 2
}

# load LABEL PORT ARGUMENTS…: one measurement, appended to LABEL's file.
load() {
  label=$1 port=$2
  shift 2
  # shellcheck disable=SC2086  # nothing, or a command with its arguments
  $ahead taskset -c 1 "$bin/bench_dns_load" "$port" "$seconds" "$@" >>"$dir/$label"
}

# median LABEL FIELD: of what follows the word FIELD.
median() {
  [ -s "$dir/$1" ] || { echo 0; return; }
  awk -v want="$2" '{ for (i = 1; i < NF; ++i) if ($i == want) print $(i + 1) }' "$dir/$1" |
    sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'
}

row() {
  awk -v what="$1" -v qps="$(median "$2" qps)" -v base="$(median bare qps)" \
    -v answered="$(median "$2" answered)" \
    'BEGIN { if (answered > 0) printf "%-34s %9d %8.2f\n", what, qps, qps / base }'
}
pace_row() {
  awk -v what="$1" -v p50="$(median "$2" p50_us)" -v p99="$(median "$2" p99_us)" \
    -v base="$(median pace_bare p50_us)" -v answered="$(median "$2" answered)" \
    'BEGIN { if (answered > 0) printf "%-34s %9.1f %9.1f %8.1f\n", what, p50, p99, p50 - base }'
}

start_all
round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  load bare $bare --unique --name w.example
  load knot $knot --unique --name w.example
  load unbound $unbound --unique --name w.example
  load dnsmasq $dnsmasq --unique --name w.example
  load ours $ours --unique --name w.example
  load fwd_unbound $unbound --unique --name "r$round.example"
  load fwd_dnsmasq $dnsmasq --unique --name "r$round.example"
  load fwd_ours $ours --unique --name "r$round.example"
done

# At a pace the cores are mostly idle, so ahead of other work nobody is hurt, and latencies are
# the servers' own rather than the machine's.
if chrt -f 10 true 2>/dev/null; then
  ahead="chrt -f 10"
  for pid in $pids; do chrt -f -p 10 "$pid"; done
fi
round=0
while [ "$round" -lt "$rounds" ]; do
  round=$((round + 1))
  load pace_bare $bare --qps 5000 --unique --name "p$round.example"
  load pace_ours $ours --qps 5000 --unique --name "p$round.w.example"
  load pace_fwd_ours $ours --qps 5000 --unique --name "p$round.example"
  load pace_fwd_dnsmasq $dnsmasq --qps 5000 --unique --name "p$round.example"
done

printf '%-34s %9s %8s\n' "saturated, medians of $rounds" qps "of bare"
row "bare recvmmsg responder" bare
row "blackstart, faulted answers" ours
row "knot, authoritative" knot
row "unbound, local data" unbound
row "dnsmasq, local data" dnsmasq
row "blackstart, uncached forwarding" fwd_ours
row "dnsmasq, uncached forwarding" fwd_dnsmasq
row "unbound, uncached forwarding" fwd_unbound
printf '\n%-34s %9s %9s %8s\n' "5,000 a second, microseconds" p50 p99 added
pace_row "bare recvmmsg responder" pace_bare
pace_row "blackstart, faulted answers" pace_ours
pace_row "blackstart, uncached forwarding" pace_fwd_ours
pace_row "dnsmasq, uncached forwarding" pace_fwd_dnsmasq
