-- Exact solutions against the integrated flow, and training against both, over random sizes, depths, ranks, scales and
-- times. A larger run: LINNET_CASES=1000 tests/runner tests/lua/property_spec.lua

local CASES = math.tointeger(os.getenv "LINNET_CASES") or 24
local SEED = math.tointeger(os.getenv "LINNET_SEED") or 1

local pick = {} -- of a stream, so that a case is known by its number
function pick.integer(r, low, high) return math.tointeger(r:integers(1, 1, low, high)[1]) end
function pick.uniform(r, low, high) return low + (high - low) * r:uniform(1, 1)[1] end
function pick.log(r, low, high) return math.exp(pick.uniform(r, math.log(low), math.log(high))) end

--- White inputs and random modes; a part of the tasks has fewer modes than it could, or two equal ones.
local function white_task(r, seed)
  local inputs, outputs = pick.integer(r, 1, 7), pick.integer(r, 1, 7)
  local most = math.min(inputs, outputs)
  local s = {}
  for k = 1, pick.integer(r, 1, most) do s[k] = pick.uniform(r, 0.3, 3) end
  table.sort(s, function(a, b) return a > b end)
  if #s > 1 and pick.uniform(r, 0, 1) < 0.2 then s[2] = s[1] end
  return data.spectrum { s = s, inputs = inputs, outputs = outputs, seed = seed }
end

local function coloured_task(r)
  local inputs, outputs, examples = pick.integer(r, 1, 6), pick.integer(r, 1, 6), pick.integer(r, 2, 20)
  return data.task { X = r:normal(inputs, examples), Y = r:normal(outputs, examples) }
end

--- A network that the solution of this name holds for, its task, and the time by which it has learned.
local kinds = {
  shallow = function(r, seed)
    local task = coloured_task(r)
    return network.new { task = task, depth = 1, scale = pick.log(r, 1e-9, 1), seed = seed }, task, pick.log(r, 1, 1e4)
  end,
  decoupled = function(r, seed)
    local task = white_task(r, seed)
    local depth, strength = pick.integer(r, 2, 5), pick.log(r, 1e-9, 1)
    if depth > 2 then strength = strength ^ 0.4 end -- beyond, plateaus last longer than 1e4
    local hidden = math.min(task.inputs, task.outputs) + pick.integer(r, 0, 3)
    local last = depth > 2 and math.min(1e4, 20 * strength ^ (2 / depth - 1)) or pick.log(r, 1, 1e4)
    return network.new { task = task, hidden = hidden, depth = depth, init = "aligned", strength = strength, seed = seed },
      task, last
  end,
  riccati = function(r, seed)
    local task = white_task(r, seed)
    local hidden, strength = pick.integer(r, 1, 9), pick.log(r, 1e-9, 1)
    local start = { task = task, hidden = hidden, strength = strength, init = "balanced", seed = seed }
    local bound = math.min(hidden, task.inputs, task.outputs) == hidden -- lambda needs room on either side
    if bound and pick.uniform(r, 0, 1) < 0.5 then
      start.init, start.lambda = "lambda", pick.log(r, 1e-6, 2) * (pick.uniform(r, 0, 1) < 0.5 and -1 or 1)
    end
    return network.new(start), task, pick.log(r, 1, 1e4)
  end,
  balanced = function(r, seed)
    local task = coloured_task(r)
    local depth = pick.integer(r, 2, 4)
    local start = { task = task, hidden = pick.integer(r, 1, 6), depth = depth, init = "balanced", seed = seed }
    start.scale = pick.log(r, 1e-3, 1)
    return network.new(start), task, pick.log(r, 1, 30)
  end,
}

--- 0, and times that are spread over all scales up to the last.
local function spread(last)
  local times = { 0 }
  for _, share in ipairs { 1e-3, 0.01, 0.05, 0.2, 0.5, 1 } do times[#times + 1] = share * last end
  return times
end

--- Largest difference of two lists of layers.
local function apart(a, b)
  local worst = 0
  for l = 1, #a do
    local difference = (a[l] - b[l]):abs():max()
    worst = difference > worst and difference or difference ~= difference and math.huge or worst
  end
  return worst
end

local function size_of(weights)
  local size = 0
  for _, W in ipairs(weights) do size = math.max(size, (W:abs():max())) end
  return size
end

describe("a closed form is the integrated flow to 1e-9, whatever the sizes, depths, ranks, scales and times:", function()
  for name, make in pairs(kinds) do
    it(name, function()
      for case = 1, CASES do
        local seed = 1000 * SEED + case
        local r = random.stream(seed)
        local net, task, last = make(r, seed)
        local record = { "weights", "loss" }
        local times = spread(last)
        local pred = theory.predict { net = net, task = task, times = times, record = record, solution = name }
        local later = pred:at(matrix(times) * (1 + 1e-9)) -- what a time is known to: at a jump that is all there is
        local function integrated(tolerance)
          return net:copy():flow { task = task, times = times, record = record, tolerance = tolerance, plan = "plain" }
        end
        local flow, coarser = integrated(1e-12), integrated(1e-11) -- which differ where a start balances on a saddle
        local size = math.max(size_of(flow.weights[1]), size_of(flow.weights[#times]))
        for k = 1, #times do
          local allowed = 1e-9 * math.max(size, size_of(flow.weights[k])) + apart(later.weights[k], pred.weights[k])
            + 10 * apart(flow.weights[k], coarser.weights[k])
          local found = apart(pred.weights[k], flow.weights[k])
          assert.is_true(found <= allowed, ("case %d (LINNET_SEED=%d): %s on %s, t = %g: %.3g, allowed %.3g"):format(case,
            SEED, tostring(net), tostring(task), times[k], found, allowed))
        end
      end
    end)
  end
end)

describe("the error of training halves with the rate:", function()
  for name, make in pairs(kinds) do
    it(name, function()
      for case = 1, math.max(3, CASES // 8) do
        local seed = 1000 * SEED + case
        local r = random.stream(seed)
        local net, task = make(r, seed)
        local rate = theory.stability.max_rate { net = net, task = task }.rate / 40
        local times = matrix.linspace(0, 400 * rate, 5)
        local pred = theory.predict { net = net, task = task, times = times, record = { "weights" }, solution = name }
        local errors = {}
        for i = 1, 3 do
          local run = net:copy():train { task = task, rate = rate / 2 ^ (i - 1), times = times, record = { "weights" } }
          errors[i] = 0
          for k = 1, #times do errors[i] = math.max(errors[i], apart(run.weights[k], pred.weights[k])) end
        end
        local ratio = errors[2] / errors[3]
        assert.is_true(errors[3] < 1e-12 or ratio > 1.8 and ratio < 2.2, ("case %d: %s: %.3g, %.3g, %.3g"):format(case,
          tostring(net), table.unpack(errors)))
      end
    end)
  end
end)
