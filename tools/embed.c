/* embed.c: writes files as C arrays, so that the library needs none of them at run time.
 * embed OUT.c FILE...: defines linnet's table of embedded files (src/host/embedded.h), each under its path.
 */
#include <stdio.h>

static int write_file(FILE *out, const char *path, int index) {
  FILE *in = fopen(path, "rb");
  if (!in) return perror(path), 1;
  fprintf(out, "static const unsigned char file_%d[] = {", index);
  size_t size = 0;
  for (int c; (c = getc(in)) != EOF; size++) fprintf(out, "%s%d,", size % 24 ? "" : "\n", c);
  fprintf(out, "0};\n");
  int bad = ferror(in);
  fclose(in);
  return bad;
}

int main(int argc, char **argv) {
  if (argc < 2) return fprintf(stderr, "usage: embed OUT.c FILE...\n"), 2;
  FILE *out = fopen(argv[1], "w");
  if (!out) return perror(argv[1]), 1;
  fprintf(out, "#include \"core/embedded.h\"\n\n");
  for (int i = 2; i < argc; i++)
    if (write_file(out, argv[i], i)) return 1;
  fprintf(out, "\nconst ln_embedded ln_embedded_files[] = {\n");
  for (int i = 2; i < argc; i++) fprintf(out, "  {\"%s\", file_%d, sizeof file_%d - 1},\n", argv[i], i, i);
  fprintf(out, "  {0, 0, 0}};\n");
  return fclose(out) != 0;
}
