/* untrusted.c: scripts from strangers, one after the other in one state: each may compute, for a second and in 64 MB,
 * and nothing else. What any of them does, the next one runs.
 *
 *     cc untrusted.c $(pkg-config --cflags --libs linnet) -o untrusted */
#include <linnet.h>

#include <stdio.h>
#include <string.h>

static const struct {
  const char *name, *text;
} scripts[] = {
    {"honest", "return theory.mode.time { s = 2, a0 = 1e-3, depth = 3, fraction = 0.9 }"},
    {"endless", "while true do pcall(function() while true do end end) end"},
    {"greedy", "local t = {} while true do t[#t + 1] = matrix.zeros(200, 200) end"},
    {"curious", "return io.open '/etc/passwd'"},
    {"hasty", "return matrix.eye(1000):svd()"},
    {"wrong", "return matrix.eye(3) * matrix.eye(4)"},
    {"honest again", "return (matrix.eye(4) * 2):trace()"},
};

int main(void) {
  static const char *const outcomes[] = {
#define NAME(name, meaning) meaning,
      LINNET_STATUS_LIST(NAME)
#undef NAME
  };
  linnet_config config;
  linnet_config_init(&config);
  config.caps = LINNET_NONE;
  config.max_memory = 64 << 20;
  config.max_seconds = 1;
  config.max_flops = 1e10;
  linnet_state *S;
  if (linnet_open(&config, &S) != LINNET_OK) return 1;
  for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
    int status = linnet_dostring(S, scripts[i].text, strlen(scripts[i].text), "=script");
    printf("%s: %s", scripts[i].name, outcomes[status]);
    if (status == LINNET_OK) printf(", %.4f", lua_tonumber(linnet_lua(S), -1));
    putchar('\n');
    lua_settop(linnet_lua(S), 0);
  }
  linnet_close(S);
  return 0;
}
