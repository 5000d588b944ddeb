-- linnet as a module for stock Lua 5.4: `luarocks make` in a checkout. The libraries that README.md names must be there.
package = "linnet"
version = "0.1.0-1"
source = { url = "." }
description = {
  summary = "The mathematics of learning in deep linear networks",
  detailed = [[
    Predict what a network will learn, train it, and hold the two against each other: exact dynamics of deep linear
    networks, their generalization, and training, on OpenBLAS and LAPACKE.]],
  license = "MIT",
}
dependencies = { "lua ~> 5.4" }
build = {
  type = "make",
  build_target = "build/linnet.so",
  install_pass = false,
  install = {
    lib = { "build/linnet.so", "build/liblinnet.so.0" },
  },
}
