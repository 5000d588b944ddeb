--- network.activations, network.inits and network.observables: the built-in ones, and a user's own.

local matrix = require "linnet.matrix"
local core = require "linnet.network_core"
local options = require "linnet.options"
local registry = require "linnet.registry"

local M = {}

local function sorted(t)
  local names = {}
  for name in pairs(t) do names[#names + 1] = name end
  table.sort(names)
  return names
end

-- ---- activations ----

local RANGE, POINTS = 8, 401 -- where a function is looked at: on [-RANGE, RANGE]
local STEPS = { 1e-2, 1e-3, 1e-4, 1e-5, 1e-6 } -- of differences; the best of them counts
local WRONG = 1e-5 -- how far from the differences a derivative may be, relative to 1 + |f'|
local JUMP = 1e-3 -- of f', relative to 1 + |f'|: over an interval that small it is a kink

--- Points that no kink of a sensible function lies near to.
local function grid() return matrix.linspace(-RANGE, RANGE, POINTS) + 0.0012345678901 end

--- What the function makes of a copy of X, which must have X's shape and be finite.
local function values(f, what, X, refuse)
  local Y = f(X:copy())
  if getmetatable(Y) ~= getmetatable(X) or Y.rows ~= X.rows or Y.cols ~= X.cols then
    refuse(("%s must return a matrix of the shape it was given, %dx%d; it returned %s")
      :format(what, X.rows, X.cols, options.describe(Y)))
  end
  for i = 1, X.rows do
    for j = 1, X.cols do
      local y = Y:get(i, j)
      if y ~= y or y == math.huge or y == -math.huge then
        refuse(("%s must be finite; at %.6g it is %s"):format(what, X:get(i, j), options.describe(y)))
      end
    end
  end
  return Y
end

--- Raises unless each entry of f(X) is that of the entry of X alone.
local function check_elementwise(f, what, x, y, refuse)
  local X, n = x:rowrange(1, POINTS - 1):copy():reshape(20, (POINTS - 1) // 20), POINTS - 1
  local together = values(f, what, X, refuse):reshape(n, 1)
  for i = 1, POINTS, 25 do
    local alone = values(f, what, matrix { x[i] }, refuse)[1]
    for _, other in ipairs { y[i], i <= n and together[i] or alone } do
      if math.abs(other - alone) > 1e-12 * (1 + math.abs(alone)) then
        refuse(("%s must act on each entry alone; at %.6g it is %.6g in one matrix and %.6g in another")
          :format(what, x[i], alone, other))
      end
    end
  end
end

--- Raises unless df is the derivative of f, to what differences of several steps tell.
local function check_derivative(f, df, x, refuse)
  local slope = values(df, "df", x, refuse)
  local least, best = matrix.full(POINTS, 1, math.huge), matrix.zeros(POINTS, 1)
  for _, h in ipairs(STEPS) do
    local difference = (values(f, "f", x + h, refuse) - values(f, "f", x - h, refuse)) / (2 * h)
    local off = (difference - slope):abs():over(slope:abs() + 1)
    for i = 1, POINTS do
      if off[i] < least[i] then least[i], best[i] = off[i], difference[i] end
    end
  end
  local worst, at = least:max()
  if worst > WRONG then
    refuse(("df is not the derivative of f: at %.6g it is %.6g and differences give %.6g, off by %.3g, the most on "
      .. "[-%g, %g]"):format(x[at], slope[at], best[at], math.abs(slope[at] - best[at]), RANGE, RANGE))
  end
  return slope
end

--- Does f' jump between two points of the grid? Each interval is halved, and the half kept in which f' changes more.
local function has_kink(df, x, slope, refuse)
  local low, high = x:rowrange(1, POINTS - 1):copy(), x:rowrange(2, POINTS):copy()
  local at_low, at_high = slope:rowrange(1, POINTS - 1):copy(), slope:rowrange(2, POINTS):copy()
  for _ = 1, 40 do
    local middle = (low + high) / 2
    local at_middle = values(df, "df", middle, refuse)
    for i = 1, POINTS - 1 do
      if math.abs(at_high[i] - at_middle[i]) > math.abs(at_middle[i] - at_low[i]) then
        low[i], at_low[i] = middle[i], at_middle[i]
      else
        high[i], at_high[i] = middle[i], at_middle[i]
      end
    end
  end
  return ((at_high - at_low):abs():over(at_high:abs() + 1)):max() > JUMP
end

local function check_activation(name, given, refuse)
  registry.check_fields(given, { f = "function", df = "function", doc = "string" }, "{ f=, df=, doc= }", refuse)
  if not given.f then refuse "f = function(X) return the values of a matrix end is missing" end
  if not given.df then refuse "df = function(X) return the derivative's values end is missing" end
  local x = grid()
  check_elementwise(given.f, "f", x, values(given.f, "f", x, refuse), refuse)
  local slope = check_derivative(given.f, given.df, x, refuse)
  check_elementwise(given.df, "df", x, slope, refuse)
  return { name = name, f = given.f, df = given.df, doc = given.doc or "",
           kinked = has_kink(given.df, x, slope, refuse) }
end

local function built_in_activations()
  local list = {}
  for i, name in ipairs(sorted(core.own.activations)) do
    local entry = core.own.activations[name]
    list[i] = { name, {
      name = name, doc = entry.doc, kinked = entry.kinked,
      f = function(X) return core.own.apply(name, X) end,
      df = function(X) return core.own.apply(name, X, true) end,
    } }
  end
  return list
end

--- network.activations.swish = { f = function(X), df = function(X), doc = }: on each entry of a matrix.
M.activations = registry.new("network.activations", "activation", built_in_activations(), check_activation,
  function(name, entry)
    core.own.set("activation", name, entry and entry.f, entry and entry.df, entry and entry.kinked)
  end)

-- ---- starts and observables: functions ----

local function check_function(usage)
  return function(name, given, refuse)
    if type(given) ~= "function" then
      refuse(("a %s is needed, got %s"):format(usage, options.describe(given)))
    end
    return { name = name, f = given, doc = "" }
  end
end

local function built_in(docs)
  local list = {}
  for i, name in ipairs(sorted(docs)) do list[i] = { name, { name = name, doc = docs[name] } } end
  return list
end

--- network.inits.small = function(sizes, options, stream) return { W1, W2, ... } end
M.inits = registry.new("network.inits", "start", built_in(core.own.inits),
  check_function "function(sizes, options, stream) return { W1, W2, ... } end",
  function(name, entry) core.own.set("init", name, entry and entry.f) end)

--- network.observables.rank = function(net, task) return a number, a vector or a matrix end
M.observables = registry.new("network.observables", "observable", built_in(core.observables),
  check_function "function(net, task) return a number, a vector or a matrix end",
  function(name, entry)
    core.own.set("observable", name, entry and entry.f)
    core.observables[name] = entry and entry.doc
  end)

return M
