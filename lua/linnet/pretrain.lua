--- net:pretrain: greedy unsupervised pretraining, layer by layer.
--
-- Each layer but the last becomes the encoder of a linear autoencoder of two layers, trained from a small start to
-- give back what it gets: the inputs, then what the layers below make of them. Linear networks without biases need
-- only the inputs' second moments; with nonlinear layers or biases the examples pass through the layers below. Saxe,
-- McClelland and Ganguli (2014), exact solutions of the learning dynamics of deep linear networks;
-- docs/theory/depth.md.

local core = require "linnet.network_core"
local data = require "linnet.data"
local options = require "linnet.options"
local random = require "linnet.random"

local CALL = "net:pretrain"

--- What training takes as it is.
local PASSED = { "steps", "times", "stop_at", "optimizer", "momentum", "record", "every", "progress" }
local KINDS = { task = "any!", rate = "any", scale = "positive", seed = "integer" }
for _, name in ipairs(PASSED) do KINDS[name] = "any" end

--- Second moments of what layer `layer` gives (0: of the inputs); `below` are those of what it gets.
---@return matrix
local function moments(net, task, layer, below)
  if layer == 0 then return task.Sxx end
  if below then
    local W = net.weights[layer]
    return (W * below):mult(W)
  end
  local H = net:hidden(task.X, layer)
  return H:mult(H) / task.examples
end

--- Half of the largest rate at which an autoencoder of these moments stays at its end, where the curvature is twice
--- the largest variance: net:train's own choice looks at the start alone, which is flat.
local function stable_rate(S, layer)
  local variances = S:eigh()
  local largest = variances[#variances]
  if largest <= 0 then options.fail(CALL, ("layer %d gets nothing but zeros"):format(layer)) end
  return 1 / (2 * largest)
end

--- Whether all layers but the last are linear, without biases: then moments go through them.
local function is_linear(net)
  if net.bias then return false end
  for l = 1, net.depth - 1 do
    if net.activations[l] ~= "linear" then return false end
  end
  return true
end

local function check(net, o)
  if net.depth < 2 then options.fail(CALL, "a network of one layer has no hidden layer to pretrain") end
  local ok, inputs = pcall(function() return o.task.inputs end)
  if type(o.task) ~= "userdata" or not ok then
    options.fail(CALL, "task must be a task, got " .. options.describe(o.task))
  end
  if inputs ~= net.sizes[1] then
    options.fail(CALL, ("task has %d inputs and the network takes %d"):format(inputs, net.sizes[1]))
  end
  if o.rate ~= nil and o.rate ~= "auto" and not (type(o.rate) == "number" and o.rate > 0) then
    options.fail(CALL, 'rate must be a number above 0, or "auto"; got ' .. options.describe(o.rate))
  end
  if (o.steps == nil) == (o.times == nil) then options.fail(CALL, "give steps, or times, of each layer") end
  if not is_linear(net) and o.task.examples == 0 then
    options.fail(CALL, "layers that are nonlinear or have biases need the task's examples, and it has only moments")
  end
end

--- net:pretrain { task=, rate="auto", steps= | times=, scale=0.01, seed=0, and stop_at=, optimizer=, momentum=,
--- record=, every=, progress= as net:train }: changes all layers but the last, whose start stays; outputs of the task
--- play no part. scale is the standard deviation of the entries that each autoencoder starts from; rate = "auto" is
--- half of the largest stable one, for each layer its own.
---@return table  list of the autoencoders' runs, a layer each: of "modes" (the encoder and decoder's strength in each
---               direction of what the layer gets) and "loss"
function core.methods.pretrain(net, given)
  options.check_self(net, core.network, "a network", CALL)
  local o = options.read(given, CALL, KINDS)
  check(net, o)
  local linear, seeds, runs, below = is_linear(net), random.stream(o.seed or 0), {}, nil
  for l = 1, net.depth - 1 do
    local S = moments(net, o.task, l - 1, linear and below)
    below = S
    local inputs, outputs = net.sizes[l], net.sizes[l + 1]
    local reached = data.task { Sxx = S, Syx = S, tr_yy = S:trace() }
    local auto = core.new { sizes = { inputs, outputs, inputs }, init = "gaussian", scale = o.scale or 0.01,
      seed = math.tointeger(seeds:split(l):integers(1, 1, 0, 2 ^ 53):item()) }
    local training = { task = reached, rate = type(o.rate) == "number" and o.rate or stable_rate(S, l) }
    for _, name in ipairs(PASSED) do training[name] = o[name] end
    runs[l] = auto:train(training)
    net.weights[l] = auto.weights[1]
  end
  return runs
end
