/* Damaged files. Which kind is said by the program's name: npy, npz, csv, idx, gzip, network or run. */
#include "fuzz.h"

#include <fcntl.h>
#include <unistd.h>

static const struct {
  const char *name, *ending, *text;
} kinds[] = {
    {"npy", ".npy", "function load(p) return matrix.load(p) end"},
    {"npz", ".npz", "function load(p) pcall(data.npz, p) return matrix.load(p) end"},
    {"csv", ".csv",
     "function load(p) pcall(data.csv, p, { outputs = 1 }) pcall(data.csv, p, { label = 1, header = true }) "
     "pcall(data.csv, p, { inputs = { 1 }, outputs = { 2 }, separator = ';' }) return matrix.load(p) end"},
    {"idx", ".idx", "function load(p) pcall(data.idx, p, p) return data.idx(p) end"},
    {"gzip", ".csv.gz", "function load(p) return data.csv(p, { outputs = 1 }) end"},
    {"network", ".npz",
     "function load(p) local net = network.load(p) net:product() return "
     "net:forward(matrix.ones(net.sizes[1], 2)) end"},
    {"run", ".npz", "function load(p) local run = network.load_run(p) tostring(run) return run:at(1) end"},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static size_t kind;
static char path[64];

static void remove_file(void) { unlink(path); }

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc;
  const char *slash = strrchr((*argv)[0], '/'), *name = slash ? slash + 1 : (*argv)[0];
  while (kind < KINDS && strcmp(kinds[kind].name, name) != 0) kind++;
  if (kind == KINDS) return fprintf(stderr, "%s: no kind of file\n", name), exit(1), 1;
  snprintf(path, sizeof path, "/dev/shm/linnet-fuzz-%ld%s", (long)getpid(), kinds[kind].ending);
  return atexit(remove_file);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || write(file, bytes, size) != (ssize_t)size) abort();
  close(file);
  linnet_state *S = state_with(LINNET_READ, 5, kinds[kind].text);
  lua_State *L = linnet_lua(S);
  lua_getglobal(L, "load");
  lua_pushstring(L, path);
  int status = linnet_call(S, 1, LUA_MULTRET);
  stop_unless(status != LINNET_ETIME, "took too long", S);
  return 0;
}
