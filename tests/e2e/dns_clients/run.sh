#!/bin/sh
# Asks a faulty resolver with every client at once, for every row at once, in namespaces of its
# own (user, network, mount), so it needs no root and touches nothing.
#
#   run.sh BIN ROW…      prints NAME RESULT SECONDS lines, NAME being CLIENT.ROW.t
set -eu

if [ "${BLACKSTART_INSIDE:-}" = "" ]; then
  BLACKSTART_INSIDE=1 exec unshare --user --map-root-user --net --mount "$0" "$@"
fi

bin=$1
here=$(dirname "$0")
shift
dir=$(mktemp -d)
trap 'kill "$resolver" 2>/dev/null || true; rm -rf "$dir"' EXIT
resolver=

ip link set lo up
echo 'nameserver 127.0.0.1' >"$dir/resolv.conf"
echo 'hosts: files dns' >"$dir/nsswitch.conf"
mount --bind "$dir/resolv.conf" "$(readlink -f /etc/resolv.conf)"
mount --bind "$dir/nsswitch.conf" /etc/nsswitch.conf

mkfifo "$dir/ready"
"$bin/faulty_resolver" >"$dir/ready" &
resolver=$!
read -r _ <"$dir/ready"

ask_dig() {
  if answer=$(dig +tries=1 +timeout=2 "dig.$1.t"); then
    status=$(printf '%s' "$answer" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p')
  else
    status=TIMEOUT
  fi
  echo "dig.$1.t $status 0"
}

glibc= musl=
for row in "$@"; do
  glibc="$glibc u glibc.$row.t 4 glibc4.$row.t"
  musl="$musl u musl.$row.t"
done
jobs=
# shellcheck disable=SC2086  # lists of words
{
  "$bin/gai_glibc" $glibc & jobs="$jobs $!"
  if [ -x "$bin/gai_musl" ]; then "$bin/gai_musl" $musl & jobs="$jobs $!"; fi
  node "$here/lookup.js" "$@" & jobs="$jobs $!"
}
for row in "$@"; do
  ask_dig "$row" & jobs="$jobs $!"
done
# shellcheck disable=SC2086
wait $jobs
