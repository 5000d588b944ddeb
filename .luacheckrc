std = "lua54"
max_line_length = 120
-- "not (x < y)" is meant where NaN must fail too.
ignore = { "581" }
-- What the linnet command sets before a script runs; users add their own to network and theory.
read_globals = { "matrix", "random", "data", "plot" }
globals = { "network", "theory" }
files["tests/lua"] = { std = "+busted", max_line_length = false, globals = { "assert" } }
-- A line of a text there is a program.
files["tests/language"] = { max_line_length = false, ignore = { "231", "331", "512" } }
files["tests/fuzz/arguments.lua"] = { globals = { "fuzz" } }
exclude_files = { "tests/fuzz/corpus" }
