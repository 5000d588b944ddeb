#!/bin/sh
# setup.sh PACKAGE...: makes sure that these Debian packages are installed; silent when they are.
# Root (or sudo) is asked for only if something is missing. Elsewhere than on Debian it says what is needed.
set -eu

command -v dpkg-query >/dev/null 2>&1 || {
  missing=
  for tool in cc pkg-config; do command -v "$tool" >/dev/null 2>&1 || missing="$missing $tool"; done
  for library in lua5.4 openblas lapacke libedit libzip zlib; do
    pkg-config --exists "$library" 2>/dev/null || missing="$missing $library"
  done
  [ -z "$missing" ] && exit 0
  echo "linnet: this is not a Debian system, so nothing was installed. Missing:$missing" >&2
  echo "linnet: install what these Debian packages hold, with their headers: $*" >&2
  exit 1
}

missing=
for package in "$@"; do
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

echo "linnet: installing$missing"
if [ "$(id -u)" -eq 0 ]; then root=; elif command -v sudo >/dev/null 2>&1; then root=sudo; else
  echo "linnet: root is needed for: apt-get install -y --no-install-recommends$missing" >&2
  exit 1
fi
apt="$root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 -qq"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086
{ $apt update && $apt install -y --no-install-recommends $missing; } >"$log" 2>&1 || {
  tail -n 20 "$log" >&2
  echo "linnet: could not install:$missing" >&2
  exit 1
}
