/* minimal.c: a C program that hosts linnet: it defines a Lua function, calls it, and reads the matrix that
 * comes back in place. The matrix holds how strongly a network has learned one mode, over time, for three
 * depths.
 *
 *     cc minimal.c $(pkg-config --cflags --libs linnet) -o minimal */
#include <linnet.h>

#include <stdio.h>
#include <string.h>

static const char text[] =
    "function learn(times)\n"
    "  local t, curves = matrix.linspace(0, 8, times), {}\n"
    "  for depth = 2, 4 do\n"
    "    curves[depth - 1] = theory.mode.strength { s = 2, a0 = 0.01, depth = depth, t = t }\n"
    "  end\n"
    "  return matrix.hcat(t, table.unpack(curves))\n"
    "end";

static int complain(const char *what, const char *message) {
  fprintf(stderr, "minimal: %s: %s\n", what, message);
  return 1;
}

/* Calls learn(9) and prints the matrix that it returns, read where it is. */
static int learn(linnet_state *S) {
  lua_State *L = linnet_lua(S);
  linnet_matrix A;
  if (linnet_dostring(S, text, strlen(text), "=learn") != LINNET_OK)
    return complain("text", linnet_message(S));
  lua_getglobal(L, "learn");
  lua_pushinteger(L, 9);
  if (linnet_call(S, 1, 1) != LINNET_OK) return complain("call", linnet_message(S));
  if (!linnet_tomatrix(L, -1, &A)) return complain("result", "not a matrix");
  puts("   t  depth 2  depth 3  depth 4");
  for (ptrdiff_t i = 0; i < A.rows; i++) {
    printf("%4g", A.data[i]);
    for (ptrdiff_t j = 1; j < A.cols; j++) printf("%9.4f", A.data[i + j * A.ld]);
    putchar('\n');
  }
  lua_pop(L, 1); /* from here on the matrix may be collected: A is no longer valid */
  return 0;
}

int main(void) {
  linnet_state *S;
  if (linnet_open(NULL, &S) != LINNET_OK) return complain("linnet", "out of memory");
  int failed = learn(S);
  linnet_close(S);
  return failed;
}
