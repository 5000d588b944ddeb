--- theory.depth: how learning depends on the number of layers, and on where they start.
--
-- A mode of correlation s and input variance rho has strength a (the product of its layers) and target s/rho; t =
-- rate * steps. Saxe, McClelland and Ganguli (2014), exact solutions of the learning dynamics of deep linear
-- networks; formulas: docs/theory/depth.md.

local core = require "linnet.theory_core"
local matrix = require "linnet.matrix"
local options = require "linnet.options"

local M = {}
for name, f in pairs(core.depth) do M[name] = f end

--- Directions with less than this part of the largest variance are not there; a start below it is none.
local NOTHING = 1e-12

-- ---- rates and times ----

local KINDS_OF_RATE = { s = "numbers!", rho = "numbers", depths = "any", relative_rate = "positive" }
local KINDS_OF_TIME = { a0 = "numbers", layer = "positive", fraction = "positive" }
for name, kind in pairs(KINDS_OF_RATE) do KINDS_OF_TIME[name] = kind end

local USUAL_DEPTHS = { 1, 2, 3, 5, 10, 20, 50, 100, math.huge }

--- One number for each of `count` modes from an option that may be one for all; above 0, or from 0 on.
local function for_modes(given, count, otherwise, call, name, may_be_zero)
  if not given then return matrix.full(count, 1, otherwise) end
  if #given == 1 and count > 1 then given = matrix.full(count, 1, given[1]) end
  if #given ~= count then
    options.fail(call, ("%s has %d numbers, and there are %d modes"):format(name, #given, count))
  end
  for k = 1, count do
    if given[k] < 0 or (given[k] == 0 and not may_be_zero) then
      options.fail(call, ("%s must be %s 0; number %d is %g"):format(name, may_be_zero and ">=" or ">", k, given[k]))
    end
  end
  return given
end

--- s and rho by mode, and the list of depths.
local function read_modes(given, call, kinds)
  local o = options.read(given, call, kinds)
  o.s, o.rho = for_modes(o.s, #o.s, 1, call, "s"), for_modes(o.rho, #o.s, 1, call, "rho")
  local columns = options.columns(o.depths or USUAL_DEPTHS, call, "depths")
  if #columns ~= 1 then options.fail(call, "depths must be a number or a list of numbers") end
  for i, depth in ipairs(columns[1]) do
    if not (depth >= 1) then options.fail(call, ("depths must be >= 1; number %d is %g"):format(i, depth)) end
  end
  o.one = type(o.depths) == "number"
  o.depths = columns[1]
  return o
end

--- The largest curvature of all modes on their way.
local function steepest(o, depth)
  local curvature = 0
  for k = 1, #o.s do
    curvature = math.max(curvature, core.mode.curvature { s = o.s[k], rho = o.rho[k], depth = depth })
  end
  return curvature
end

--- The rate that the largest curvature on the way allows, relative_rate/curvature, curvature = depth rho
--- (s/rho)^(2-2/depth) of the mode where that is largest; descent is stable below relative_rate = 2, and with several
--- modes one does best near 1. theory.depth.optimal_rate { s=, rho=1, depths={1, 2, 3, 5, 10, 20, 50, 100,
--- math.huge}, relative_rate=1 }
---@return matrix|number  a column for the depths, or a number for one; depth * rate for math.huge
function M.optimal_rate(given)
  local o = read_modes(given, "theory.depth.optimal_rate", KINDS_OF_RATE)
  local rates = {}
  for i, depth in ipairs(o.depths) do rates[i] = (o.relative_rate or 1) / steepest(o, depth) end
  return o.one and rates[1] or matrix(rates)
end

--- How long the modes of a task take at each depth, and in how many steps of the optimal rate. From the same product
--- a0 at every depth the steps have a limit for infinitely many layers; from the same `layer` (a0 = layer^depth) they
--- grow exponentially. theory.depth.learning_time { s=, rho=1, a0= | layer=, fraction=0.9, depths=, relative_rate=1
--- }, s, rho and a0 numbers or one for each mode.
---@return table  depth and rate (columns), time and steps (a row for each depth, a column for each mode); for
---               math.huge time stands for depth * t and rate for depth * rate
function M.learning_time(given)
  local call = "theory.depth.learning_time"
  local o = read_modes(given, call, KINDS_OF_TIME)
  if (o.a0 == nil) == (o.layer == nil) then
    options.fail(call, "give a0 = the strength at the start, the same at every depth, or layer = that of each layer")
  end
  local fraction, count = o.fraction or 0.9, #o.s
  if fraction >= 1 then options.fail(call, ("fraction = %g: must lie between 0 and 1"):format(fraction)) end
  local a0 = o.a0 and for_modes(o.a0, count, 1, call, "a0", true)
  local time, steps = matrix.zeros(#o.depths, count), matrix.zeros(#o.depths, count)
  local rates = matrix.zeros(#o.depths, 1)
  for i, depth in ipairs(o.depths) do
    local layers = depth < math.huge and depth or 1
    rates[i] = (o.relative_rate or 1) / steepest(o, depth)
    for k = 1, count do
      local start = a0 and a0[k] or o.layer ^ depth
      local t = 0 -- there at the start
      if start < fraction * o.s[k] / o.rho[k] then
        t = start == 0 and depth > 1 and math.huge -- it never leaves
          or core.mode.depth_time {
            s = o.s[k], rho = o.rho[k], a0 = start, depth = depth, fraction = fraction } / layers
      end
      time:set(i, k, t)
      steps:set(i, k, t / rates[i])
    end
  end
  return { depth = matrix(o.depths), rate = rates, time = time, steps = steps }
end

-- ---- pretraining ----

--- Strengths of `layers` autoencoders over the same directions, each trained for t from a0 on what the one below
--- gives; only the `kept` largest directions pass.
---@return matrix  a column for each layer
local function pretrained_strengths(variances, layers, kept, a0, t)
  local strength, seen = matrix.zeros(#variances, layers), variances:copy()
  for l = 1, layers do
    for k = 1, math.min(kept, #variances) do
      if seen[k] > 0 then
        strength:set(k, l, core.mode.strength { s = seen[k], rho = seen[k], a0 = a0, t = t })
        seen[k] = seen[k] * strength:get(k, l)
      end
    end
    for k = kept + 1, #variances do seen[k] = 0 end
  end
  return strength
end

--- Variances of a task's inputs, falling, and their directions; or those given, which are to fall.
local function read_variances(o, call)
  if (o.task == nil) == (o.variances == nil) then options.fail(call, "give task = a task, or variances = a list") end
  if o.variances then
    for k = 1, #o.variances do
      local x = o.variances[k]
      if not (x >= 0) then options.fail(call, ("variances must be >= 0; number %d is %g"):format(k, x)) end
      if k > 1 and x > o.variances[k - 1] then
        options.fail(call, ("variances must fall; number %d is %g after %g"):format(k, x, o.variances[k - 1]))
      end
    end
    return o.variances
  end
  local ok, Sxx = pcall(function() return o.task.Sxx end)
  if type(o.task) ~= "userdata" or not ok then
    options.fail(call, "task must be a task with inputs, got " .. options.describe(o.task))
  end
  local w, Q = Sxx:eigh()
  local falling = {}
  for k = 1, #w do falling[k] = #w + 1 - k end
  return w:select { rows = falling }:relu(), Q:select { cols = falling }
end

local function read_width(o, count, call)
  if not o.hidden then return count end
  if o.hidden < 1 then options.fail(call, ("hidden = %d: a layer has a unit or more"):format(o.hidden)) end
  return math.min(o.hidden, count)
end

--- What layers learn without labels: strengths of a linear autoencoder's encoder and decoder in the directions of its
--- inputs, and so on for the layers above, each trained for t on what the one below gives. theory.depth.autoencoder {
--- variances= | task=, a0=, t=, layers=1, hidden= }
---@return table  variances (falling) and strength, a list over the layers: of columns for one t, of T x K matrices
---               for more
function M.autoencoder(given)
  local call = "theory.depth.autoencoder"
  local o = options.read(given, call, {
    variances = "numbers", task = "any", a0 = "positive!", t = "any!", layers = "count", hidden = "integer" })
  local variances = read_variances(o, call)
  local columns = options.columns(o.t, call, "t")
  if #columns ~= 1 then options.fail(call, "t must be a number or a list of numbers") end
  local count, layers, times = #variances, o.layers or 1, columns[1]
  local kept, strength = read_width(o, count, call), {}
  for l = 1, layers do strength[l] = matrix.zeros(#times, count) end
  for i, t in ipairs(times) do
    if not (t >= 0) then options.fail(call, ("t must be >= 0; number %d is %g"):format(i, t)) end
    local by_layer = pretrained_strengths(variances, layers, kept, o.a0, t)
    for l = 1, layers do strength[l]:row(i):assign(by_layer:col(l).T) end
  end
  if type(o.t) == "number" then
    for l = 1, layers do strength[l] = strength[l].T end
  end
  return { variances = variances, strength = strength }
end

--- The modes of a task's map: s, rho (the inputs' variance along the right singular vector), how far that is from
--- being a direction of the inputs (relative), and how much of it (of its square) passes layers that keep `kept` of
--- them.
local function task_modes(task, V, kept)
  local _, s, right = task:svd()
  local modes = {}
  for k = 1, #s do
    if s[k] > NOTHING * s[1] then
      local v = right:col(k)
      local image, share = task.Sxx * v, V:tmul(v):pow(2)
      local rho = image:dot(v)
      modes[#modes + 1] = { s = s[k], rho = rho, off = (image - rho * v):norm() / rho, share = share,
        kept = share:rowrange(1, kept):sum() }
    end
  end
  if #modes == 0 then options.fail("theory.depth.pretraining", "the task has nothing to learn: its Syx is 0") end
  return modes
end

--- When layers (the last from `last`) bring a mode to the fraction: closed for equal layers, else by bisection of the
--- strength.
local function fine_tuning_time(mode, layers, last, fraction)
  local equal = layers:max() - layers:min() <= NOTHING * layers:max()
  local depth = #layers + 1
  if equal then
    return core.depth.fine_tuning_time { depth = depth, s = mode.s, lambda = mode.rho, c0 = layers[1], d0 = last,
      fraction = fraction }
  end
  local all, target = matrix.vcat(layers, matrix { last }), fraction * mode.s / mode.rho
  local function strength(t) return core.mode.layers { layers = all, s = mode.s, rho = mode.rho, t = t }.strength end
  if strength(0) >= target then return 0 end
  local low, high = 0, 1 / mode.s
  for _ = 1, 100 do
    if strength(high) >= target then break end
    low, high = high, 2 * high
  end
  for _ = 1, 60 do
    local middle = (low + high) / 2
    if strength(middle) < target then low = middle else high = middle end
  end
  return (low + high) / 2
end

--- How much faster a task is learned after layers were pretrained one after the other, each for a time t as an
--- autoencoder from a0: theory.depth.pretraining { task=, depth=, hidden=, t=math.huge, a0=1e-4, last=0, start=,
--- fraction=0.9, times= }. `hidden` is the width of the narrowest layer below the last (none: no bottleneck); `last`
--- the strength of the last layer at the start of fine tuning; `start` the product of a small aligned start that it
--- is compared with. Exact for consistent tasks, whose right singular vectors are directions of the inputs; and,
--- without a bottleneck and to the end, for tasks with white inputs.
---@return table  by mode of the task, columns: s, rho, kept (the part of the mode that passes the bottleneck), time
---               (infinity where nothing passes), plain_time (from start) and gain = plain_time/time; consistency (0:
---               consistent), variances, strength (of the directions, by layer); with times: t, modes (T x K) and
---               loss (T x 1) of fine tuning
function M.pretraining(given)
  local call = "theory.depth.pretraining"
  local o = options.read(given, call, {
    task = "any!", depth = "integer!", hidden = "integer", t = "any", a0 = "positive", last = "nonnegative",
    start = "positive", fraction = "positive", times = "numbers" })
  if o.depth < 2 then
    options.fail(call, ("depth = %d: layers below the last are pretrained; 2 or more"):format(o.depth))
  end
  local t, last, fraction = o.t or math.huge, o.last or 0, o.fraction or 0.9
  if type(t) ~= "number" or not (t >= 0) then
    options.fail(call, "t must be a time >= 0, got " .. options.describe(t))
  end
  if fraction >= 1 then options.fail(call, ("fraction = %g: must lie between 0 and 1"):format(fraction)) end
  local variances, V = read_variances(o, call)
  local kept = read_width(o, #variances, call)
  local strength = pretrained_strengths(variances, o.depth - 1, kept, o.a0 or 1e-4, t)
  local modes = task_modes(o.task, V, kept)
  local count, off = #modes, 0
  local answer = { variances = variances, strength = strength }
  for _, name in ipairs { "s", "rho", "kept", "time", "plain_time", "gain" } do
    answer[name] = matrix.zeros(count, 1)
  end
  local remaining = o.times and matrix.zeros(#o.times, 1)
  if o.times then answer.t, answer.modes = o.times, matrix.zeros(#o.times, count) end
  for k, mode in ipairs(modes) do
    -- What each layer does to the mode: the root of its strengths' mean over the directions that the mode is made of.
    local layers = (strength:tmul(mode.share)):sqrt()
    local passes = mode.kept > NOTHING and layers:min() > 0
    answer.s[k], answer.rho[k], answer.kept[k] = mode.s, mode.rho, mode.kept
    answer.time[k] = passes and fine_tuning_time(mode, layers, last, fraction) or math.huge
    if o.start then
      answer.plain_time[k] = core.mode.time {
        s = mode.s, rho = mode.rho, a0 = o.start, depth = o.depth, fraction = fraction }
      answer.gain[k] = passes and answer.plain_time[k] / answer.time[k] or 0
    end
    off = math.max(off, mode.off)
    if o.times then
      local a = passes and core.mode.layers {
        layers = matrix.vcat(layers, matrix { last }), s = mode.s, rho = mode.rho, t = o.times }.strength
        or matrix.zeros(#o.times, 1)
      answer.modes:col(k):assign(a)
      remaining = remaining + mode.rho / 2 * (a - mode.s / mode.rho):pow(2)
    end
  end
  if not o.start then answer.plain_time, answer.gain = nil, nil end
  answer.consistency = off
  if o.times then answer.loss = remaining + o.task.loss_min end
  return answer
end

return M
