-- Files: modes, numbers, lines, positions, buffers, closing.
local name = os.tmpname()

local function fill(text)
  local file <close> = assert(io.open(name, "wb"))
  assert(file:write(text))
end
local function show(...)
  local values = table.pack(...)
  for i = 1, values.n do values[i] = tostring(values[i]):gsub("/tmp/lua_%w+", "NAME"):gsub("0x%x%x%x%x%x+", "ADDRESS") end
  print(table.concat(values, " | ", 1, values.n))
end

show(io.open(name, "w"):write("a", 1, 2.5, "\n"):seek("cur"))
fill "12 0x1F -3.5e2 .5 nan 99999999999999999999 0x 1e+ 7\nline two\n\nlast"
do
  local file = assert(io.open(name))
  show(file:read("n", "n", "n", "n", "n"))
  show(file:read "l")
  show(file:read("l", "L", "L", "a", "a", "l"))
  show(file:seek "set", file:read(0), file:read(3), file:seek("cur", -1), file:read(1), file:seek "end", file:read(0))
  show(pcall(file.seek, file, "set", -1))
  show(file:close(), pcall(file.close, file), pcall(file.read, file), io.type(file), tostring(file))
  show(pcall(function() return file:lines() end))
end
fill "one\ntwo\nthree"
for line in io.lines(name) do show(line) end
for line in io.lines(name, "L") do show(line) end
for a, b in io.lines(name, 1, 2) do show(a, b) end
for a in io.lines(name, "a") do show(#a) break end
do
  local lines = io.lines(name)
  show(lines(), lines(), lines(), lines(), pcall(lines))
  show(pcall(io.lines, name, "x"))
  show(select("#", io.lines(name)))
  local file = io.open(name)
  for line in file:lines() do show(line) break end
  show(file:read "l", io.type(file))
  for _ in file:lines(5) do show "rest" end
  file:close()
end
do
  local file = assert(io.open(name, "r+"))
  file:write "ONE"
  file:seek "set"
  show(file:read "a")
  file:close()
  file = io.open(name, "a+")
  file:write "\nfour"
  file:seek("set", 4)
  show(file:read "l")
  file:close()
  show(io.open(name, "rb"):read "a")
  file = io.open(name)
  show(file:write "x")
  show(pcall(file.write, file, {}))
  file:close()
end
io.output(name)
show(io.write("x", 1, "\n") == io.output(), io.type(io.output()))
show(io.close(), pcall(io.write, "y"))
io.output(io.stdout)
io.input(name)
show(io.read(), io.read(), io.type(io.input()), io.close(io.input()), pcall(io.read))
show(pcall(io.lines))
io.input(io.stdin)
show(io.open(name, "w"):setvbuf("full", 100), io.stdout:setvbuf "no", io.stdout:flush() == io.stdout, io.flush() == io.stdout)
do
  local pipe = io.popen("echo out; exit 5")
  show(pipe:read "a", pipe:close())
  pipe = io.popen("cat", "w")
  pipe:write "through cat\n"
  show(pipe:close())
  show(io.popen("kill -9 $$"):close())
  local temporary = io.tmpfile()
  temporary:write "kept"
  temporary:seek "set"
  show(temporary:read "a")
end
do
  local closed
  do local file <close> = io.open(name) closed = file end
  show(io.type(closed))
  show(pcall(getmetatable(closed).__close, closed))
  show(getmetatable(io.stdout).__name, rawequal(getmetatable(io.stdout).__index, getmetatable(closed).__index))
end
fill "#!first line\nreturn ..., 'loaded'"
show(loadfile(name)(1))
show(dofile(name))
fill "\xEF\xBB\xBFreturn 'after a mark'"
show(dofile(name))
fill("# comment\n" .. string.dump(function() return "bytecode" end))
show(dofile(name), loadfile(name, "b")(), loadfile(name, "t"))
fill "x ="
show(loadfile(name))
show(pcall(dofile, name))
fill "return value"
show(loadfile(name, "bt", { value = "of its environment" })(), loadfile(name, "b"))
fill "local t = coroutine.yield('within') return t"
do
  local co = coroutine.wrap(function() return dofile(name) end)
  show(co(), co "resumed")
end
fill "error 'in a file'"
show(pcall(dofile, name))
show(os.rename(name, name .. ".moved"), os.rename(name, name .. ".moved"))
show(os.remove(name .. ".moved"), os.remove(name .. ".moved"))
show(io.open("/dev/full", "w"):write(("x"):rep(100000)))
show(os.remove "/")
