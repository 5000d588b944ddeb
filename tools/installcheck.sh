#!/bin/sh
# installcheck.sh: installs into a folder of its own, uses what is there as a stranger would (the command, a C program
# built with pkg-config), uninstalls, and looks that nothing is left.
set -eu
cd "$(dirname "$0")/.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "installcheck: $1" >&2; exit 1; }

${MAKE:-make} --no-print-directory install DESTDIR="$folder/stage" PREFIX=/opt/linnet >/dev/null
[ -x "$folder/stage/opt/linnet/bin/linnet" ] || fail "DESTDIR is not honoured"
grep -q "^prefix=/opt/linnet$" "$folder/stage/opt/linnet/lib/pkgconfig/linnet.pc" || fail "DESTDIR is in linnet.pc"

${MAKE:-make} --no-print-directory install PREFIX="$folder/in" >/dev/null
[ "$("$folder/in/bin/linnet" -e 'print(data.semantic().items[1])')" = "$(build/linnet -e 'print(data.semantic().items[1])')" ] ||
  fail "the installed command does not find its data"
export PKG_CONFIG_PATH="$folder/in/lib/pkgconfig"
cp examples/embed/minimal.c "$folder"
# shellcheck disable=SC2046
(cd "$folder" && ${CC:-cc} -std=c17 -Wall -Wextra -Wpedantic -Werror minimal.c $(pkg-config --cflags --libs linnet) -o minimal)
[ "$("$folder/minimal")" = "$(build/examples/minimal)" ] || fail "minimal.c does not run as it does here"
nm -g --defined-only "$folder/in/lib/liblinnet.a" | awk 'NF == 3 && $3 !~ /^linnet_/ { print $3; bad = 1 } END { exit bad }' ||
  fail "these names of liblinnet.a may clash with a program's own"

${MAKE:-make} --no-print-directory uninstall PREFIX="$folder/in" >/dev/null
[ -z "$(find "$folder/in" ! -type d)" ] || fail "uninstall leaves $(find "$folder/in" ! -type d)"
echo "installcheck: fine"
