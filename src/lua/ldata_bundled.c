/* ldata_bundled.c: the data sets that come with linnet; data/README.md says whence they are. */
#include "lua/ldata_parts.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "data/transform.h"

/* ---- tables ---- */

typedef struct bundled {
  const char *path, *name, *source;
  size_t first_output; /* columns before it are items and labels; 0: the last column is a label */
  bool label_after_items;
  double scale;
  int image; /* pixels of a side; 0: not an image */
} bundled;

static const bundled semantic = {
    .path = "data/semantic8.csv",
    .name = "semantic",
    .source =
        "8 living things and 36 properties, written after Rumelhart & Todd 1993, Rogers & McClelland 2004",
    .first_output = 1,
    .scale = 1};
static const bundled wordnet = {
    .path = "data/wordnet_isa.csv.gz",
    .name = "wordnet",
    .source = "105 nouns and what they are, from WordNet 3.0 (c) 2006 Princeton University",
    .first_output = 2,
    .label_after_items = true,
    .scale = 1};
static const bundled digits = {.path = "data/digits8x8.csv.gz",
                               .name = "digits",
                               .source =
                                   "handwritten digits, Alpaydin & Kaynak 1998 (UCI), 1797 images of 8 x 8",
                               .scale = 1.0 / 16,
                               .image = 8};
static const bundled iris = {.path = "data/iris.csv.gz",
                             .name = "iris",
                             .source = "Fisher 1936, 150 flowers, lengths in cm",
                             .scale = 1};

static void set_text(lua_State *L, int fields, const char *name, const char *text) {
  lua_pushstring(L, text);
  lua_setfield(L, fields, name);
}

static void set_image(lua_State *L, int fields, int side) {
  lua_createtable(L, 2, 0);
  for (int i = 1; i <= 2; i++) lua_pushinteger(L, side), lua_rawseti(L, -2, i);
  lua_setfield(L, fields, "image");
}

/* with_release's body: the bundled set at index 2. */
static int load_table(lua_State *L) {
  open_files *files = lua_touserdata(L, 1);
  const bundled *set = lua_touserdata(L, 2);
  char name[32];
  snprintf(name, sizeof name, "data.%s", set->name);
  ln_csv table = read_table(L, name, set->path, true, ',', LN_HEADER_YES, files);
  bool labelled = !set->first_output;
  size_t first = labelled ? 0 : set->first_output, count = labelled ? table.cols - 1 : table.cols - first;
  size_t *numbers = lua_newuserdatauv(L, count * sizeof *numbers, 0);
  for (size_t k = 0; k < count; k++) numbers[k] = first + k;
  columns use = {.one_hot_inputs = !labelled,
                 .one_hot_outputs = labelled,
                 .label = labelled                 ? (long)table.cols - 1
                          : set->label_after_items ? 1
                                                   : -1,
                 .items = labelled ? -1 : 0};
  if (labelled)
    use.inputs = numbers, use.input_count = count;
  else
    use.outputs = numbers, use.output_count = count;
  push_table_fields(L, name, &table, &use, set->scale);
  int fields = lua_gettop(L);
  set_text(L, fields, "name", set->name);
  set_text(L, fields, "source", set->source);
  if (set->image) set_image(L, fields, set->image);
  make_task(L);
  return 1;
}

static int push_bundled(lua_State *L, const bundled *set) {
  open_files files = NO_FILES;
  if (lua_gettop(L) > 0 && !lua_isnil(L, 1)) {
    char name[32];
    snprintf(name, sizeof name, "data.%s", set->name);
    fail(L, name, "takes no options, got %s", describe(L, 1));
  }
  lua_settop(L, 0);
  lua_pushlightuserdata(L, (void *)(uintptr_t)set);
  return with_release(L, load_table, &files, close_files);
}

/* data.semantic(), data.wordnet(): an input for each item. data.digits(), data.iris(): an output for each
 * class. */
static int data_semantic(lua_State *L) { return push_bundled(L, &semantic); }
static int data_wordnet(lua_State *L) { return push_bundled(L, &wordnet); }
static int data_digits(lua_State *L) { return push_bundled(L, &digits); }
static int data_iris(lua_State *L) { return push_bundled(L, &iris); }

/* ---- Fashion-MNIST ---- */

#define FASHION_FOLDER "/usr/share/datasets/fashion-mnist"
#define FASHION_PACKAGE "dataset-fashion-mnist"

/* Replaces the class numbers by what they mean. */
static void set_fashion_fields(lua_State *L, int fields) {
  static const char *const classes[] = {"T-shirt", "trouser", "pullover", "dress", "coat",
                                        "sandal",  "shirt",   "sneaker",  "bag",   "ankle boot"};
  size_t count = sizeof classes / sizeof *classes;
  lua_createtable(L, (int)count, 0);
  for (size_t k = 0; k < count; k++) lua_pushstring(L, classes[k]), lua_rawseti(L, -2, (lua_Integer)k + 1);
  lua_pushvalue(L, -1);
  lua_setfield(L, fields, "classes");
  lua_setfield(L, fields, "features");
  set_text(L, fields, "name", "fashion");
  set_text(L, fields, "source", "Fashion-MNIST, Xiao, Rasul & Vollgraf 2017, (c) Zalando SE, MIT licence");
}

static void check_folder(lua_State *L, const char *name, const char *folder) {
  if (access(folder, R_OK) == 0) return;
  fail(L, name,
       "%s is not there: the full set comes with Debian's package " FASHION_PACKAGE
       " (apt-get install " FASHION_PACKAGE "), or folder = where its four files are",
       folder);
}

#define SIDE 28

static void halve_images(lua_State *L, int fields) {
  lua_getfield(L, fields, "X");
  ln_matrix X = *test_matrix(L, -1), half = push_matrix(L, SIDE / 2 * SIDE / 2, X.cols);
  ln_halve_images(X, SIDE, half);
  lua_setfield(L, fields, "X");
  lua_pop(L, 1);
  set_image(L, fields, SIDE / 2);
}

/* with_release's body; index 2 is the size of the images, index 3 the folder of the full set or nil. */
static int load_fashion(lua_State *L) {
  static const char *const name = "data.fashion";
  open_files *files = lua_touserdata(L, 1);
  bool small = lua_tointeger(L, 2) < SIDE;
  if (lua_isnil(L, 3)) {
    push_idx_fields(L, name, small ? "data/fashion14x14_1000.idx3.gz" : "data/fashion28x28_200.idx3.gz",
                    small ? "data/fashion_1000.idx1.gz" : "data/fashion_200.idx1.gz", true, files);
    set_fashion_fields(L, lua_gettop(L));
    make_task(L);
    return 1;
  }
  const char *folder = lua_tostring(L, 3);
  check_folder(L, name, folder);
  static const char *const parts[] = {"train", "t10k"};
  for (int i = 0; i < 2; i++) {
    const char *images = lua_pushfstring(L, "%s/%s-images-idx3-ubyte.gz", folder, parts[i]);
    const char *labels = lua_pushfstring(L, "%s/%s-labels-idx1-ubyte.gz", folder, parts[i]);
    push_idx_fields(L, name, images, labels, false, files);
    int fields = lua_gettop(L);
    set_fashion_fields(L, fields);
    if (small) halve_images(L, fields);
  }
  make_task(L);
  lua_setfield(L, 6, "test"); /* size, folder, two names, the training fields */
  lua_settop(L, 6);
  make_task(L);
  return 1;
}

/* data.fashion { size=14, full=false, folder= }: 1000 images of 14 x 14 or 200 of 28 x 28, bundled; or all 60 000 with
 * their test set of 10 000, of 28 x 28 unless size = 14. */
static int data_fashion(lua_State *L) {
  static const char *const name = "data.fashion";
  static const char *const names[] = {"size", "full", "folder", NULL};
  lua_settop(L, 1);
  options o = options_read_optional(L, 1, name, names);
  bool full = option_flag_or(&o, "full", false);
  lua_Integer size = option_integer_or(&o, "size", 14, SIDE, full ? SIDE : 14);
  if (size != SIDE && size != 14)
    option_fail(&o, "size", "= %lld: the images are of 28 x 28, or of 14 x 14", (long long)size);
  if (!full && option_given(&o, "folder"))
    option_fail(&o, "folder", "is for the full set; give full = true too");
  lua_pushinteger(L, size);
  lua_pushstring(L, full ? option_string_or(&o, "folder", FASHION_FOLDER) : NULL); /* nil for null */
  lua_remove(L, 1);
  open_files files = NO_FILES;
  return with_release(L, load_fashion, &files, close_files);
}

const luaL_Reg bundled_makers[] = {{"semantic", data_semantic}, {"wordnet", data_wordnet},
                                   {"digits", data_digits},     {"iris", data_iris},
                                   {"fashion", data_fashion},   {NULL, NULL}};
