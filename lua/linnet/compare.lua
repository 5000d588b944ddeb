--- theory.compare(run, prediction): how far a run is from what theory says, observable by observable.

local options = require "linnet.options"

local Comparison = {}
Comparison.__index = Comparison

--- Largest |a - b|, the size of b, and where: record k, column j.
local function curve_difference(a, b)
  local worst, k, j = (a - b):abs():max()
  return worst, (b:abs():max()), k, j
end

--- Calls visit(A, B) for every pair of matrices in two lists (of lists), of the same shape.
local function pairs_of(a, b, visit)
  if type(a) ~= "table" then return visit(a, b) end
  for k = 1, #a do pairs_of(a[k], b[k], visit) end
end

--- The same over lists with a matrix, or a list of them, for each record.
local function list_difference(a, b)
  local worst, size, where = 0, 0, 1
  for k = 1, #a do
    pairs_of(a[k], b[k], function(A, B)
      local difference = (A - B):abs():max()
      if difference > worst or difference ~= difference then worst, where = difference, k end
      size = math.max(size, (B:abs():max()))
    end)
  end
  return worst, size, where
end

--- "201 x 8" of a curve, the matrices' shapes of a list.
local function shape_of(value)
  if type(value) ~= "table" then return ("%d x %d"):format(value.rows, value.cols) end
  local shapes = { ("%d times"):format(#value) }
  if value[1] then
    pairs_of(value[1], value[1], function(A) shapes[#shapes + 1] = ("%d x %d"):format(A.rows, A.cols) end)
  end
  return table.concat(shapes, ", ")
end

--- One line of the comparison.
local function compare_one(name, run, pred)
  local a, b = run[name], pred[name]
  if shape_of(a) ~= shape_of(b) then
    options.fail("theory.compare", ("%s is %s in one and %s in the other; they must be of the same network and task")
      :format(name, shape_of(a), shape_of(b)))
  end
  local row = { name = name }
  local difference = type(a) == "table" and list_difference or curve_difference
  local worst, size, k, j = difference(a, b)
  row.error, row.scale, row.index, row.t = worst, size, k, run.t[k]
  row.relative = worst == 0 and 0 or worst / size
  if j and a.cols > 1 then row.column = j end
  return row
end

--- Evaluates the prediction at the run's times and compares everything that the run recorded.
---@param run table   what train or flow returned
---@param pred table  what theory.predict returned, or another run at the same times
---@return table      rows { name, error, relative, scale, t, index, column }; print shows them, :worst() is one number
local function compare(run, pred)
  for i = 1, 2 do
    local value = ({ run, pred })[i]
    if type(value) ~= "table" or not rawget(value, "recorded") then
      options.fail("theory.compare",
        ("argument %d must be a run or a prediction, got %s"):format(i, options.describe(value)))
    end
  end
  if rawget(pred, "evaluate") then
    pred = pred:evaluate { times = run.t, record = run.recorded }
  elseif pred.t.rows ~= run.t.rows or (pred.t - run.t):abs():max() > 1e-12 * math.max(1, (run.t:abs():max())) then
    options.fail("theory.compare",
      "the two runs were recorded at different times; give one of them the other's t as times")
  end
  local rows = { records = run.t.rows }
  for _, name in ipairs(run.recorded) do
    if rawget(pred, name) then
      local row = compare_one(name, run, pred)
      rows[#rows + 1], rows[name] = row, row
    end
  end
  if #rows == 0 then options.fail("theory.compare", "the two have no observable in common") end
  return setmetatable(rows, Comparison)
end

--- The largest relative error over all observables.
---@return number
function Comparison:worst()
  local worst = 0
  for _, row in ipairs(self) do
    if row.relative > worst or row.relative ~= row.relative then worst = row.relative end
  end
  return worst
end

function Comparison:__tostring()
  local lines = { ("%-16s %14s %10s   %s"):format("observable", "largest error", "relative", "where") }
  for _, row in ipairs(self) do
    lines[#lines + 1] = ("%-16s %14.3e %10.2e   t = %.6g%s"):format(row.name, row.error, row.relative, row.t,
      row.column and (", column %d"):format(row.column) or "")
  end
  return table.concat(lines, "\n")
end

return compare
