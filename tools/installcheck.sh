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

${MAKE:-make} --no-print-directory install PREFIX="$folder/first" >/dev/null
mv "$folder/first" "$folder/in" # the tree can be moved
[ "$("$folder/in/bin/linnet" -e 'print(data.semantic().items[1])')" = "$(build/linnet -e 'print(data.semantic().items[1])')" ] ||
  fail "the installed command does not find its data"
export PKG_CONFIG_PATH="$folder/in/lib/pkgconfig"
cp examples/embed/*.c "$folder"
for program in minimal own_state threads untrusted; do
  # shellcheck disable=SC2046
  (cd "$folder" && ${CC:-cc} -std=c17 -D_GNU_SOURCE -Wall -Wextra -Wpedantic -Werror "$program.c" \
    $(pkg-config --cflags --libs linnet) -pthread -Wl,-rpath,"$folder/in/lib" -o "$program")
  [ "$("$folder/$program")" = "$("build/examples/$program")" ] || fail "$program.c does not run as it does here"
done
# shellcheck disable=SC2046
(cd "$folder" && ${CC:-cc} -std=c17 minimal.c $(pkg-config --cflags linnet) "$folder/in/lib/liblinnet.a" \
  $(pkg-config --static --libs linnet | sed 's/-llinnet//') -o static)
[ "$("$folder/static")" = "$(build/examples/minimal)" ] || fail "the static library does not work as the shared one"
echo '#include <linnet.h>
      int main() { linnet_state *S; return linnet_open(0, &S) != LINNET_OK || (linnet_close(S), 0); }' > "$folder/cpp.cc"
# shellcheck disable=SC2046
if command -v c++ >/dev/null 2>&1; then
  c++ -Wall -Wextra -Wpedantic -Werror "$folder/cpp.cc" $(pkg-config --cflags --libs linnet) -Wl,-rpath,"$folder/in/lib" -o "$folder/cpp"
  "$folder/cpp" || fail "the header does not work in C++"
fi
for library in liblinnet.a liblinnet.so; do
  [ "${library%.so}" = "$library" ] && dynamic= || dynamic=-D
  nm $dynamic -g --defined-only "$folder/in/lib/$library" |
    awk 'NF == 3 && $3 !~ /^(linnet_|luaopen_linnet$)/ { print $3; bad = 1 } END { exit bad }' ||
    fail "these names of $library may clash with a program's own"
done
if command -v lua5.4 >/dev/null 2>&1; then
  [ "$(LUA_CPATH="$folder/in/lib/lua/5.4/?.so" lua5.4 -e 'print(require("linnet").data.semantic().items[1])')" = "$(build/linnet -e 'print(data.semantic().items[1])')" ] ||
    fail "stock Lua does not load the module"
fi

# A C module that was built with nothing but linnet.pc loads into the command, into a host and into stock Lua.
cp examples/modules/lowrank.c "$folder"
# shellcheck disable=SC2046
(cd "$folder" && ${CC:-cc} -std=c17 -Wall -Wextra -Wpedantic -Werror -shared -fPIC lowrank.c \
  $(pkg-config --cflags --libs linnet) -Wl,-rpath,"$folder/in/lib" -o lowrank.so)
use='assert(theory.solutions.white_layer) print(require("lowrank").energy(matrix.eye(3)))'
cat > "$folder/host.c" <<END
#include <linnet.h>
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv) {
  linnet_state *S;
  if (argc < 2 || linnet_open(NULL, &S) != LINNET_OK) return 1;
  int status = linnet_dostring(S, argv[1], strlen(argv[1]), "=module");
  if (status != LINNET_OK) fputs(linnet_message(S), stderr);
  linnet_close(S);
  return status;
}
END
# shellcheck disable=SC2046
(cd "$folder" && ${CC:-cc} -std=c17 host.c $(pkg-config --cflags --libs linnet) -Wl,-rpath,"$folder/in/lib" -o host)
export LUA_CPATH="$folder/?.so;$folder/in/lib/lua/5.4/?.so"
[ "$("$folder/in/bin/linnet" -l lowrank -e "$use")" = "3.0" ] || fail "the command does not load a C module"
[ "$("$folder/host" "require 'lowrank' $use")" = "3.0" ] || fail "a host does not load a C module"
if command -v lua5.4 >/dev/null 2>&1; then
  [ "$(lua5.4 -e "linnet = require 'linnet' theory, matrix = linnet.theory, linnet.matrix require 'lowrank' $use")" = "3.0" ] ||
    fail "stock Lua does not load a C module"
fi
unset LUA_CPATH

${MAKE:-make} --no-print-directory uninstall PREFIX="$folder/in" >/dev/null
[ -z "$(find "$folder/in" -mindepth 1)" ] || fail "uninstall leaves $(find "$folder/in" -mindepth 1)"
echo "installcheck: fine"
