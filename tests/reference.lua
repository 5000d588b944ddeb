-- linnet tests/reference.lua FILE.json...: checks every case of files of reference values through the public
-- functions.
--
-- A file: { "meta": ..., "cases": { "0": [case, ...], ... } } with case = { id, fn, in, out, rtol }; matrices
-- are lists of rows, the bare tokens NaN, Infinity and -Infinity are numbers, and null stands for any number
-- that is not finite (an input that is null is left out). An output is right if its largest difference is at most
-- rtol times its largest value (rtol itself where that is next to nothing); where the table below says `entries`, each
-- entry by itself. One line for each
-- failure, then "N passed, N failed"; the exit code is 1 if anything failed or a file could not be read.

local json = require "dkjson" -- comes with busted

-- ---- fn -> the public function ----

-- Beside this file, by subject: a table fn -> function(in) -> out.
local HERE = arg[0]:match "^(.*)%.lua$"
local subjects = {}
for i, name in ipairs { "dynamics", "generalization", "semantics" } do
  subjects[i] = dofile(("%s/%s.lua"):format(HERE, name))
end

--- Names that two subjects use: which one is meant shows in an input that only one of them has.
local told_apart_by = { shallow = { "Sxx", "alpha" } }

local function function_of(fn, given)
  for i, functions in ipairs(subjects) do
    local input = told_apart_by[fn] and told_apart_by[fn][i]
    if functions[fn] and (not input or given[input] ~= nil) then return functions[fn] end
  end
end

--- Compared entry by entry: curves over many orders of magnitude.
local entries = { mode_equal = true, mode_infinite = true }

-- ---- comparing ----

--- A number, a list, a list of rows or a matrix as one list of numbers, row by row, and its shape.
local function flatten(value)
  if math.type(value) or value == json.null then return { value }, "a number" end
  if type(value) == "table" and type(value[1]) ~= "table" then return value, ("%dx1"):format(#value) end
  local flat, rows, cols = {}
  if type(value) == "table" then
    rows, cols = #value, #value[1]
    for _, row in ipairs(value) do table.move(row, 1, #row, #flat + 1, flat) end
  else
    rows, cols = value.rows, value.cols
    for i = 1, rows do for j = 1, cols do flat[#flat + 1] = value:get(i, j) end end
  end
  return flat, ("%dx%d"):format(rows, cols)
end

local function is_finite(x) return x ~= json.null and x == x and math.abs(x) < math.huge end

--- Outputs below this are right if they are within rtol of it, absolutely.
local TINY = 1e-12

--- The largest error of an output, relative to its largest value (or entry by entry), or nil and the reason.
local function error_of(computed, value, by_entry)
  local a, shape = flatten(computed)
  local b, expected = flatten(value)
  if #a ~= #b then return nil, ("is %s, expected %s"):format(shape, expected) end
  local size, worst = 0, 0
  for _, x in ipairs(b) do
    if is_finite(x) then size = math.max(size, math.abs(x)) end
  end
  for i, x in ipairs(b) do
    local same = a[i] == x or (a[i] ~= a[i] and x ~= x)
    if x == json.null then
      worst = is_finite(a[i]) and math.huge or worst
    elseif not same then
      local difference = math.abs(a[i] - x) / (by_entry and math.abs(x) or size > TINY and size or 1)
      worst = difference == difference and math.max(worst, difference) or math.huge
    end
  end
  return worst
end

--- What is wrong with a case, or nil.
local function problem_of(case)
  local given = {}
  for name, value in pairs(case["in"]) do given[name] = value ~= json.null and value or nil end
  local compute = function_of(case.fn, given)
  if not compute then return "no public function for it" end
  local ok, out = pcall(compute, given)
  if not ok then return tostring(out) end
  local names = {}
  for name in pairs(case.out) do names[#names + 1] = name end
  table.sort(names)
  if #names == 0 then return "the case has no outputs" end
  for _, name in ipairs(names) do
    if out[name] == nil then return ("no output '%s'"):format(name) end
    local worst, why = error_of(out[name], case.out[name], entries[case.fn])
    if not worst then return ("%s %s"):format(name, why) end
    if worst > case.rtol then return ("%s is off by %.3g, allowed %g"):format(name, worst, case.rtol) end
  end
end

-- ---- reading ----

--- Where the string that opens at `quote` closes.
local function end_of_string(text, quote)
  local at = quote
  repeat
    at = text:find('["\\]', at + 1)
    if not at then return #text end
    local escape = text:sub(at, at) == "\\"
    if escape then at = at + 1 end
  until not escape
  return at
end

--- JSON with bare NaN and Infinity, as Python writes them, made readable: outside of strings only.
local function with_numbers(text)
  local parts, from = {}, 1
  while from <= #text do
    local quote = text:find('"', from, true) or #text + 1
    local plain = text:sub(from, quote - 1):gsub("%f[%w]Infinity%f[%W]", "1e999")
    parts[#parts + 1] = plain:gsub("%f[%w]NaN%f[%W]", '"NaN"')
    from = end_of_string(text, quote) + 1
    parts[#parts + 1] = text:sub(quote, from - 1)
  end
  return table.concat(parts)
end

local function restore_nan(value)
  if value == "NaN" then return 0 / 0 end
  if type(value) == "table" and value ~= json.null then
    for key, entry in pairs(value) do value[key] = restore_nan(entry) end
  end
  return value
end

local function read(path)
  local file, why = io.open(path, "rb")
  if not file then return nil, why end
  local text = file:read "a"
  file:close()
  if not text then return nil, path .. ": not a file" end
  local content, _, wrong = json.decode(with_numbers(text), 1, json.null)
  if type(content) ~= "table" or type(content.cases) ~= "table" then
    return nil, ("%s: %s"):format(path, wrong or "no table of cases")
  end
  return restore_nan(content)
end

-- ---- all files ----

local passed, failed, unreadable = 0, 0, #arg == 0
if #arg == 0 then io.stderr:write "usage: linnet tests/reference.lua FILE.json...\n" end
for _, path in ipairs(arg) do
  local content, why = read(path)
  if not content then
    print("cannot read " .. why)
    unreadable = true
  else
    local groups = {}
    for name in pairs(content.cases) do groups[#groups + 1] = name end
    table.sort(groups, function(a, b) return (tonumber(a) or 0) < (tonumber(b) or 0) end)
    for _, name in ipairs(groups) do
      for _, case in ipairs(content.cases[name]) do
        local problem = problem_of(case)
        if problem then
          print(("%s %s (%s): %s"):format(path, case.id, case.fn, problem))
          failed = failed + 1
        else
          passed = passed + 1
        end
      end
    end
  end
end
print(("%d passed, %d failed"):format(passed, failed))
os.exit(failed == 0 and not unreadable, true)
