-- linnet tests/reference.lua FILE.json...: checks every case of files of reference values through the public
-- functions.
--
-- A file: { "meta": ..., "cases": { "0": [case, ...], ... } } with case = { id, fn, in, out, rtol }; matrices
-- are lists of rows, the bare tokens NaN, Infinity and -Infinity are numbers, and null stands for any number
-- that is not finite (an input that is null is left out). An output is right if its largest difference is at most
-- rtol times its largest value; where the table below says `entries`, each entry by itself. One line for each
-- failure, then "N passed, N failed"; the exit code is 1 if anything failed or a file could not be read.

local json = require "dkjson" -- comes with busted

-- ---- fn -> the public function: in -> out ----

--- W1, W2, ... (or another letter) of a case as a list.
local function layers_of(given, letter)
  local weights, name = {}, letter or "W"
  while given[name .. #weights + 1] do weights[#weights + 1] = matrix(given[name .. #weights + 1]) end
  return weights
end

local function named_layers(weights)
  local out = {}
  for l, W in ipairs(weights) do out["W" .. l] = W end
  return out
end

local function shallow_problem(given, more)
  local problem = { W0 = matrix(given.W0), Sxx = matrix(given.Sxx), Syx = matrix(given.Syx) }
  problem.weight_decay = given.decay
  for name, value in pairs(more) do problem[name] = value end
  return problem
end

local functions = {}

function functions.shallow(given)
  return { W = theory.shallow.flow(shallow_problem(given, { t = given.t })) }
end

function functions.shallow_gd(given)
  return { W = theory.shallow.descent(shallow_problem(given, {
    rate = given.rate, steps = given.steps, momentum = given.momentum })) }
end

functions.shallow_momentum = functions.shallow_gd

function functions.mode_equal(given)
  return { u = theory.mode.strength {
    s = given.s, a0 = given.u0, rho = given.rho, depth = given.D, t = given.t } }
end

function functions.mode_equal_hit(given)
  return { t = theory.mode.time {
    s = given.s, a0 = given.u0, rho = given.rho, depth = given.D, strength = given.u } }
end

function functions.mode_infinite(given)
  return { u = theory.mode.strength {
    s = given.s, a0 = given.u0, rho = given.rho, depth = math.huge, depth_time = given.T } }
end

function functions.mode_pair(given)
  local pair = theory.mode.pair { w1 = given.w1, w2 = given.w2, s = given.s, rho = given.rho, t = given.t }
  return { w1 = pair.w1, w2 = pair.w2, u = pair.strength }
end

function functions.mode_pair_hit(given)
  return { t = theory.mode.pair_time {
    w1 = given.w1, w2 = given.w2, s = given.s, rho = given.rho, strength = given.u } }
end

function functions.pair_mode(given)
  local pair = theory.mode.pair { w1 = given.w1, w2 = given.w2, s = given.s, rho = given.lam, t = given.t }
  return { w1 = pair.w1, w2 = pair.w2, a = pair.strength }
end

function functions.depth_time(given)
  local depth = given.depth == "inf" and math.huge or given.depth
  local layers = depth < math.huge and depth or 1
  local curvature = theory.mode.curvature { s = given.s, rho = given.lam, depth = depth }
  local depth_time = theory.mode.depth_time {
    s = given.s, rho = given.lam, a0 = given.a0, depth = depth, fraction = given.fraction }
  if depth_time ~= depth_time then depth_time = 0 end -- reached before the start
  local time = depth_time / layers
  return { integral = time * curvature, time = time, largest_curvature = curvature }
end

function functions.decoupled(given)
  local solution = theory.mode.decoupled {
    weights = layers_of(given), Sxx = matrix(given.Sxx), Syx = matrix(given.Syx), t = given.t }
  return named_layers(solution.weights)
end

--- A problem of a deep network: its weights and the task's moments.
local function network_problem(given, more)
  local problem = { weights = layers_of(given), Sxx = matrix(given.Sxx), Syx = matrix(given.Syx) }
  for name, value in pairs(more or {}) do problem[name] = value end
  return problem
end

function functions.end_to_end(given)
  return { dW = theory.balanced.velocity {
    W = matrix(given.W), Sxx = matrix(given.Sxx), Syx = matrix(given.Syx), depth = given.D } }
end

function functions.hessian(given)
  return { eigenvalues = theory.stability.spectrum(network_problem(given)) }
end

function functions.max_rate(given) return theory.stability.max_rate(network_problem(given)) end

function functions.sgd_moments(given)
  return theory.shallow.minibatch {
    X = matrix(given.X), y = given.y, w0 = given.w0, rate = given.rate, batch = given.batch, steps = given.steps }
end

function functions.ntk(given)
  local weights, X, Y = layers_of(given), matrix(given.X), matrix(given.Y)
  return {
    kernel = theory.ntk.kernel { weights = weights, X = X },
    norm = theory.ntk.norm { weights = weights, X = X },
    alignment = theory.ntk.alignment { weights = weights, X = X, Y = Y },
    distance = theory.ntk.distance { weights = weights, other = layers_of(given, "Z"), X = X },
  }
end

--- A task of given moments. What |y|^2 is beyond what the inputs explain moves no weight.
local function moments_of(given)
  local Sxx, Syx = matrix(given.Sxx), matrix(given.Syx)
  return data.task { Sxx = Sxx, Syx = Syx, tr_yy = 1 + 2 * math.abs((Syx * Sxx:pinv()):dot(Syx)) }
end

function functions.gradient(given)
  local task, net = data.task { X = matrix(given.X), Y = matrix(given.Y) }, network.from(layers_of(given))
  local out = { Sxx = task.Sxx, Syx = task.Syx, trSyy = task.tr_yy, loss = net:loss(task) }
  for l, G in ipairs((net:gradient(task))) do out["G" .. l] = G end
  return out
end

function functions.descend(given)
  local run = network.from(layers_of(given)):train {
    task = moments_of(given), rate = given.rate, steps = given.steps, weight_decay = given.decay,
    momentum = given.momentum or 0, record = "loss" }
  return named_layers(run.net.weights)
end

function functions.flow(given)
  local run = network.from(layers_of(given)):flow {
    task = moments_of(given), times = { given.t }, weight_decay = given.decay, tolerance = 1e-12, record = "loss" }
  return named_layers(run.net.weights)
end

--- The layers of a case after gradient flow on a task, integrated.
local function flown(given, task)
  local net = network.from(layers_of(given))
  net:flow { task = task, times = { given.t }, tolerance = 1e-12 }
  local out = {}
  for l = 1, net.depth do out["W" .. l] = net.weights[l] end
  return out
end

function functions.completion(given)
  return flown(given, data.completion { Y = given.Y, mask = given.mask })
end

function functions.sensing(given)
  local sensors = {}
  for k, A in ipairs(given.sensors) do sensors[k] = matrix(A) end
  return flown(given, data.sensing { sensors = sensors, values = given.values })
end

function functions.balance_class(given)
  return theory.riccati.class { weights = layers_of(given) }
end

local function balanced_problem(given, more)
  local c, inputs = given.c or 1, #given.W1[1]
  local problem = {
    weights = layers_of(given), Sxx = c * matrix.eye(inputs), Syx = matrix(given.Syx),
    lambda = given.lambda, kappa = given.kappa, weight_decay = given.decay,
  }
  for name, value in pairs(more) do problem[name] = value end
  return problem
end

local function blocks(r) return { C = r.product, A = r.inputs, B = r.outputs } end

function functions.riccati(given)
  return blocks(theory.riccati.representations(balanced_problem(given, { t = given.t })))
end

function functions.riccati_limit(given)
  return blocks(theory.riccati.limit(balanced_problem(given, {})))
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
      local difference = math.abs(a[i] - x) / (by_entry and math.abs(x) or size)
      worst = difference == difference and math.max(worst, difference) or math.huge
    end
  end
  return worst
end

--- What is wrong with a case, or nil.
local function problem_of(case)
  local compute = functions[case.fn]
  if not compute then return "no public function for it" end
  local given = {}
  for name, value in pairs(case["in"]) do given[name] = value ~= json.null and value or nil end
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
