#!/bin/sh
# What a user waits for: --help, validate of a 10,000-line scenario, the first fault of a run.
# Held against `true`, the cheapest process there is. usage: bench/cli.sh [BIN]
set -eu
bin=${1:-build/bench/bin}
blackstart=$bin/blackstart
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

{
  printf 'blackstart: 1\ntitle: ten thousand lines\ntargets:\n'
  for i in $(seq 1 990); do printf '  t%d:\n    names:\n      - host%d.example\n' "$i" "$i"; done
  printf 'timeline:\n'
  for i in $(seq 1 990); do
    printf '  - at: %ds\n    for: 10s\n    name: step %d\n    dns:\n' "$i" "$i"
    printf '      target: t%d\n      answer: nodata\n      share: 50%%\n' "$i"
  done
} >"$work/long.yaml"

cat >"$work/first.yaml" <<'Y'
blackstart: 1
title: how soon the first fault is on
where: sandbox
targets: {any: {names: ["*"]}}
watch: {baseline: 0s, hold: 100ms, limit: 1s}
timeline:
  - {at: 0s, for: 200ms, may_miss: true, dns: {target: any, answer: nodata}}
Y

# Median of 15 wall-clock times in milliseconds.
median_ms() {
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do
    began=$(date +%s%N)
    "$@" >/dev/null
    echo $((($(date +%s%N) - began) / 10000))
  done | sort -n | sed -n 8p | awk '{ printf "%.2f", $1 / 100 }'
}

first_fault() {
  for i in 1 2 3 4 5 6 7; do
    "$blackstart" run "$work/first.yaml" --quiet --plain --out "$work/run$i" >/dev/null || true
    sed -n 's/.*"on_s": \([0-9.]*\),.*/\1/p' "$work/run$i/report.json"
  done | sort -n | sed -n 4p | awk '{ printf "%.0f", $1 * 1000 }'
}

echo "true                               $(median_ms true) ms"
echo "blackstart --help                  $(median_ms "$blackstart" --help) ms   (goal 10)"
echo "blackstart validate, $(wc -l <"$work/long.yaml") lines  $(median_ms "$blackstart" validate "$work/long.yaml") ms   (goal 200)"
echo "first fault after start            $(first_fault) ms   (goal 300)"
