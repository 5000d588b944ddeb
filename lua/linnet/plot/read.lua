--- The arguments of plot's methods: numbers as lists of Lua's own, names, limits and sizes; an error names
--- the method.

local axis = require "linnet.plot.axis"
local options = require "linnet.options"

local read = {}

local function fail(call, format, ...) options.fail(call, format:format(...)) end

--- A list of numbers from a vector (a list, a row or a column).
function read.vector(value, call, what)
  local columns, rows, count = options.columns(value, call, what)
  if count ~= 1 and rows ~= 1 then
    fail(call, "%s must be a vector, got a %dx%d matrix", what, rows, count)
  end
  if count == 1 then return columns[1] end
  local list = {}
  for j = 1, count do list[j] = columns[j][1] end
  return list
end

--- The columns of Y, each with one number for each of x's; a row Y beside a longer x is one curve.
function read.columns(value, n, call, what, xname)
  local columns, rows, count = options.columns(value, call, what)
  if rows ~= n and rows == 1 and count == n then return { read.vector(value, call, what) } end
  if rows ~= n then
    fail(call, "%s has %d number%s and %s has %d row%s", xname, n, n == 1 and "" or "s", what, rows,
      rows == 1 and "" or "s")
  end
  if count == 0 then fail(call, "%s has no columns", what) end
  return columns
end

--- x for each of the curves in Y: one vector for all, or a matrix of Y's shape.
function read.curves(xvalue, yvalue, call, xname, yname)
  xname, yname = xname or "x", yname or "Y"
  if yvalue == nil then fail(call, "%s is needed: %s(%s, %s)", yname, call, xname, yname) end
  local xs, rows, count = options.columns(xvalue, call, xname)
  if count == 1 or rows == 1 then
    xs = { read.vector(xvalue, call, xname) }
    rows = #xs[1]
  end
  if rows == 0 or count == 0 then fail(call, "%s is empty", xname) end
  local ys = read.columns(yvalue, rows, call, yname, xname)
  if #xs > 1 and #xs ~= #ys then
    fail(call, "%s has %d columns and %s has %d; %s is one vector, or has as many columns", xname, #xs,
      yname, #ys, xname)
  end
  local curves = {}
  for k, y in ipairs(ys) do curves[k] = { x = xs[k] or xs[1], y = y } end
  return curves
end

--- A list of n strings, or one string where n is 1.
function read.strings(value, n, call, what)
  if type(value) == "string" and n == 1 then return { value } end
  if type(value) ~= "table" then
    fail(call, "%s must be a %s, got %s", what, n == 1 and "string" or ("list of %d strings"):format(n),
      options.describe(value))
  end
  if #value ~= n then fail(call, "%s has %d strings; %d are needed", what, #value, n) end
  for i = 1, n do
    if type(value[i]) ~= "string" then
      fail(call, "%s[%d] must be a string, got %s", what, i, options.describe(value[i]))
    end
  end
  return table.move(value, 1, n, 1, {})
end

function read.limits(value, call, what, log)
  if not value then return nil end
  local limits = read.vector(value, call, what)
  if #limits ~= 2 or limits[1] >= limits[2] then
    fail(call, "%s must be { low, high } with low < high", what)
  end
  for _, x in ipairs(limits) do
    if not axis.shows(x, log) then
      fail(call, "%s: %s can't be on %s axis", what, options.describe(x), log and "a logarithmic" or "an")
    end
  end
  return limits
end

function read.size(value, call)
  if not value then return nil end
  local size = read.vector(value, call, "size")
  local least, most = 1, 50
  if #size ~= 2 or math.min(size[1], size[2]) < least or math.max(size[1], size[2]) > most then
    fail(call, "size must be { width, height } in inches, each between %d and %d", least, most)
  end
  return size
end

return read
