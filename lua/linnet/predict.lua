--- theory.predict and theory.solutions: what theory says of a network on a task, by the strongest solution that holds.
--
-- A solution is asked how far the network and the task are from what it assumes. Below EXACT it answers exactly;
-- below CLOSE it can be asked for by name and says what the distance costs; beyond, only with force = true. Where no
-- exact solution holds the gradient flow is integrated to a stated tolerance, and the prediction says so. What is only
-- approximate is never exact: it waits to be asked for by name, and is listed in `alternatives` where it comes close.

local matrix = require "linnet.matrix"
local core = require "linnet.predict_core"
local options = require "linnet.options"
local registry = require "linnet.registry"
local network = require "linnet.network_core"
local run_type = network.run

local EXACT, CLOSE = core.rounding, 1e-2

-- ---- the solutions ----

--- An entry is { name=, exact=, source=, measure=function(net, task, weight_decay) -> assumptions,
---               evaluate=function(net, task, request) -> run }
local function built_in(name)
  local source, exact, approximate = core.describe(name)
  return {
    name = name, source = source, exact = exact, approximate = approximate,
    measure = function(net, task, weight_decay) return core.measure(name, net, task, weight_decay or 0) end,
    evaluate = function(net, task, request)
      request.task = task
      return core.evaluate(name, net, request)
    end,
  }
end

--- The weights that a user's solution gives at time t, checked, into those of `probe`.
local function set_weights(probe, solution, net, task, t, weight_decay)
  local function refuse(text, ...)
    options.fail("theory.predict", ("solution '%s' at t = %.6g: " .. text):format(solution.name, t, ...))
  end
  local weights = solution.weights(net, task, t, weight_decay)
  local is_list = type(weights) == "table" or rawequal(getmetatable(weights), getmetatable(net.weights))
  if not is_list or #weights ~= net.depth then
    refuse("weights must return the list of %d matrices, got %s", net.depth, options.describe(weights))
  end
  for l = 1, net.depth do
    local ok, problem = pcall(function() probe.weights[l] = weights[l] end)
    if not ok then refuse("%s", problem) end
    if not probe.weights[l]:isfinite():all() then refuse("W%d has NaN or an infinity", l) end
  end
end

--- The records of a user's solution: its weights at each time, observed like a trained network's.
local function evaluate_weights(solution, net, task, request)
  local probe, times, records = net:copy(), request.times, {}
  for k = 1, times.rows do
    set_weights(probe, solution, net, task, times[k], request.weight_decay)
    records[k] = probe:observe(task, request.record, { start = net, ntk_examples = request.ntk_examples })
  end
  local run = { t = times, net = net, plan = "solution '" .. solution.name .. "'", seconds = 0, recorded = {} }
  for name, first in pairs(records[1]) do
    run.recorded[#run.recorded + 1] = name
    if type(first) == "table" or type(first) ~= "number" and (first.rows > 1 or network.listed[name]) then
      run[name] = {}
      for k, record in ipairs(records) do run[name][k] = record[name] end
    else
      local rows = {}
      for k, record in ipairs(records) do
        rows[k] = type(first) == "number" and matrix { record[name] } or record[name]
      end
      run[name] = matrix.vcat(table.unpack(rows))
    end
  end
  table.sort(run.recorded)
  return run
end

--- A user's solution, checked where it is added.
local function check_solution(name, given, refuse)
  registry.check_fields(given, { applies = "function", weights = "function", exact = "boolean", source = "string",
    weight_decay = "boolean" }, "{ applies=, weights=, exact=, source=, weight_decay= }", refuse)
  if not given.applies then refuse "applies = function(net, task) return distance, why end is missing" end
  if not given.weights then refuse "weights = function(net, task, t) return {W1, ...} end is missing" end
  local solution = { name = name, exact = given.exact ~= false, source = given.source or "", weights = given.weights }
  function solution.measure(net, task, weight_decay)
    if (weight_decay or 0) > 0 and not given.weight_decay then
      return { { name = "no weight decay", distance = math.huge, holds = false } }
    end
    local distance, why = given.applies(net, task, weight_decay)
    if not distance then distance = math.huge end
    if type(distance) ~= "number" or not (distance >= 0) then
      options.fail("theory.solutions." .. name,
        "applies must return a distance >= 0, or false; got " .. options.describe(distance))
    end
    return { { name = why or name, distance = distance, holds = distance < EXACT } }
  end
  function solution.evaluate(net, task, request) return evaluate_weights(solution, net, task, request) end
  return solution
end

local listed = {}
for i, name in ipairs(core.solutions) do listed[i] = { name, built_in(name) } end
-- The flow, which always applies, stays the last one.
local solutions = registry.new("theory.solutions", "solution", listed, check_solution, nil, "flow")

-- ---- choosing ----

--- The largest distance of the assumptions, and which it is.
local function farthest(assumptions)
  local worst
  for _, a in ipairs(assumptions) do
    if not worst or not (a.distance <= worst.distance) then worst = a end
  end
  return worst and worst.distance or 0, worst
end

--- The first solution that holds exactly, its assumptions, and what came close on the way.
local function choose(net, task, weight_decay)
  local close = {}
  for name, solution in pairs(solutions) do
    local assumptions = solution.measure(net, task, weight_decay)
    local distance = farthest(assumptions)
    if distance < EXACT and not solution.approximate then return solution, assumptions, close end
    if distance < CLOSE then close[#close + 1] = { name = name, distance = distance, assumptions = assumptions } end
  end
end

--- The solution asked for by name.
local function named(name, net, task, weight_decay, force)
  local names = { "auto" }
  for known in pairs(solutions) do names[#names + 1] = known end
  options.read({ solution = name }, "theory.predict", { solution = names })
  local solution = solutions[name]
  local assumptions = solution.measure(net, task, weight_decay)
  local distance, worst = farthest(assumptions)
  if not (distance < CLOSE) and not force then
    options.fail("theory.predict",
      ("solution '%s' assumes: %s; this is off by %.3g (relative). '%s' would do, or force = true")
        :format(name, worst.name, distance, choose(net, task, weight_decay).name))
  end
  return solution, assumptions, {}
end

--- Computes the prediction's records at other times: what theory.compare and pred:at use.
local function evaluate(pred, request)
  return setmetatable(pred.solver.evaluate(pred.start, pred.task, {
    times = request.times, record = request.record or pred.recorded, test = pred.test, tolerance = pred.tolerance,
    weight_decay = pred.weight_decay, ntk_examples = pred.ntk_examples,
  }), run_type)
end

--- A prediction at any one time, math.huge too: a table with t and an entry for each observable. At a list or a column
--- of rising times: what predict returns, there.
local function at(pred, t)
  options.check_self(pred, run_type, "a prediction", "pred:at")
  if type(t) == "table" or type(t) == "userdata" then
    local times = matrix(t)
    return evaluate(pred, { times = times:reshape(times.count, 1) })
  end
  if type(t) ~= "number" or not (t >= 0) then
    options.fail("pred:at", "a time is needed, 0 or later, got " .. options.describe(t))
  end
  return evaluate(pred, { times = matrix { t } }):at(t)
end

--- theory.predict { net=, task=, times=, record=, test=, weight_decay=0, solution="auto", force=false }
---@return table  what train returns, computed; and solution, exact, assumptions, source, alternatives, :at(t)
local function predict(given)
  local o = core.read_predict(given)
  local name = o.solution
  local solution, assumptions, close
  if name == "auto" then solution, assumptions, close = choose(o.net, o.task, o.weight_decay)
  else solution, assumptions, close = named(name, o.net, o.task, o.weight_decay, o.force) end

  local start = o.net:copy() -- the prediction stays what it is when the network is trained
  local pred = solution.evaluate(start, o.task, {
    times = o.times, record = o.record, test = o.test, tolerance = o.tolerance, weight_decay = o.weight_decay,
    ntk_examples = o.ntk_examples,
  })
  pred.solution, pred.source, pred.assumptions, pred.alternatives = solution.name, solution.source, assumptions, close
  pred.exact = solution.exact and farthest(assumptions) < EXACT
  pred.solver, pred.start, pred.task, pred.test, pred.tolerance = solution, start, o.task, o.test, o.tolerance
  pred.weight_decay, pred.ntk_examples = o.weight_decay, o.ntk_examples
  pred.evaluate, pred.at = evaluate, at
  return setmetatable(pred, run_type)
end

return { predict = predict, solutions = solutions }
