-- The modules of examples/modules, as a user would load them, and the interface in C that they stand on.

local process = require "linnet.process"
local command = os.getenv "LINNET" or "build/linnet"
local folder = command:gsub("[^/]*$", "examples/")

--- What a script prints when it can load the example modules.
local function run(script)
  local outcome = assert(process.run { command, "-e", script,
    env = { LUA_PATH = "examples/modules/?.lua;;", LUA_CPATH = folder .. "?.so;;" } })
  assert.equal("", outcome.errors)
  return outcome.output
end

local function fails(script, message)
  local outcome = assert(process.run { command, "-e", script,
    env = { LUA_PATH = "examples/modules/?.lua;;", LUA_CPATH = folder .. "?.so;;" } })
  assert.matches(message, outcome.errors)
end

describe("examples/modules/sparse.lua", function()
  it("trains with its activation, start and observable", function()
    assert.equal("0.8\ttrue\ttrue\n", run [[
      require "sparse"
      local task = data.task { X = random.stream(1):normal(5, 30), Y = random.stream(2):normal(1, 30) }
      local net = network.new { task = task, hidden = 40, activation = "swish", init = "sparse", density = 0.2, seed = 1 }
      local first = net:observe(task, { "zeros" }).zeros
      local run = net:train { task = task, rate = 0.05, steps = 200, record = { "loss", "zeros" } }
      print(math.floor(first * 10 + 0.5) / 10, run.loss[#run.loss] < run.loss[1], run.zeros[#run.zeros] < first)]])
  end)

  it("says what is wrong with its option", function()
    fails([[require "sparse" network.new { sizes = { 2, 2 }, init = "sparse", density = 2 }]],
      "density must lie between 0 and 1, got 2")
  end)
end)

describe("examples/modules/lowrank.c", function()
  it("gives predictions that a trained network meets", function()
    assert.equal("white_layer\ttrue\ttrue\n", run [[
      require "lowrank"
      local task = data.spectrum { s = { 3, 1 }, inputs = 4, outputs = 3, seed = 1 }
      local net = network.new { sizes = { 4, 3 }, init = "zeros" }
      local pred = theory.predict { net = net, task = task, times = { 0, 0.5, 2 }, solution = "white_layer", record = "weights" }
      local exact = theory.predict { net = net, task = task, times = { 0, 0.5, 2 }, record = "weights" }
      print(pred.solution, pred.exact, (pred.weights[3][1] - exact.weights[3][1]):norm() < 1e-12)]])
  end)

  it("says which networks it is for", function()
    fails([[require "lowrank"
      local task = data.semantic()
      theory.predict { net = network.new { task = task, hidden = 3 }, task = task, times = { 1 }, solution = "white_layer" }]],
      "one layer without biases, from zero, on white inputs")
  end)

  it("trains with its activation, start and observable", function()
    assert.equal("9.0\t9.0\ttrue\t0.33333333333333\n", run [[
      require "lowrank"
      local task = data.task { X = random.stream(1):normal(3, 20), Y = random.stream(2):normal(1, 20) }
      local net = network.new { sizes = { 3, 9, 1 }, activation = "cube", init = "signs", seed = 2 }
      local energies = net:observe(task, { "energies" }).energies
      local run = net:train { task = task, rate = 0.01, steps = 50, record = { "loss", "energies" } }
      print(energies[1], energies[2] * 9, run.loss[#run.loss] < run.loss[1] and run.energies.cols == 2,
        network.activations.cube.f(matrix { { 1 } }):item())]])
  end)

  it("checks its arguments and heeds the budget", function()
    fails([[require "lowrank" .energy(3)]], "bad argument #1 to 'energy' %(matrix expected, got number%)")
  end)
end)
