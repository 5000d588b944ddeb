std = "lua54"
max_line_length = 120
files["tests/lua"] = { std = "+busted", max_line_length = false }
-- What the linnet command sets before a script runs.
read_globals = { "matrix", "random", "data", "network", "theory", "plot" }
-- A network's weights and inputs keep the mathematics' own names.
files["tests/lua"].globals = { "assert" }
