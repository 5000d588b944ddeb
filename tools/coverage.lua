-- coverage.lua BUILD: how many lines of src/ the tests have reached, by file and in total, from what gcov says of the
-- objects below BUILD. With LEAST as a second argument it fails if less than that percentage was reached in total.
--
-- A line counts once, reached if any object that was compiled from it reached it: the kernels are compiled several
-- times, and a processor runs one of them.

local build, least = arg[1], tonumber(arg[2] or 0)

local lines = {} -- file -> line -> was it reached?
local file
-- The tests' own objects, and the embedded files, are no part of src/.
local listing = io.popen(("find %s/src %s/kernels -name '*.gcda' -print0 | xargs -0 gcov --stdout 2>/dev/null")
  :format(build, build))
for text in listing:lines() do
  local source = text:match "^%s*%-:%s*0:Source:(.*)$"
  if source then file = source:match "^src/" and source or nil end
  local count, line = text:match "^%s*([^:]+):%s*(%d+):"
  line = tonumber(line)
  if file and line and line > 0 and count ~= "-" then
    lines[file] = lines[file] or {}
    lines[file][line] = lines[file][line] or count:find "^%d" ~= nil
  end
end
listing:close()

local names, reached, all = {}, 0, 0
local rows = {}
for name, of_file in pairs(lines) do
  local row = { reached = 0, all = 0, missed = {} }
  for line, was in pairs(of_file) do
    row.all = row.all + 1
    if was then row.reached = row.reached + 1 else row.missed[#row.missed + 1] = line end
  end
  table.sort(row.missed)
  names[#names + 1], rows[name] = name, row
  reached, all = reached + row.reached, all + row.all
end
table.sort(names)

--- "3, 7-9" for 3, 7, 8, 9.
local function ranges(list)
  local parts, first = {}, nil
  for i, line in ipairs(list) do
    first = first or line
    if list[i + 1] ~= line + 1 then
      parts[#parts + 1] = first == line and tostring(line) or first .. "-" .. line
      first = nil
    end
  end
  return table.concat(parts, ", ")
end

for _, name in ipairs(names) do
  local row = rows[name]
  if row.reached < row.all then
    print(("%5.1f %%  %-46s lines %s"):format(100 * row.reached / row.all, name, ranges(row.missed)))
  end
end
local share = 100 * reached / all
print(("%5.1f %%  of src/: %d of %d lines in %d files; those without a line here are reached whole")
  :format(share, reached, all, #names))
os.exit(share >= least)
