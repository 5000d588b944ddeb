--- A module in Lua: an activation, a start and an observable, under names that work wherever the built-in ones do.
--
--     local sparse = require "sparse"
--     local net = network.new { task = task, hidden = 50, activation = "swish", init = "sparse", density = 0.2 }
--     net:train { task = task, rate = 0.1, steps = 1000, record = { "loss", "zeros" } }

local linnet = require "linnet"
local network = linnet.network

local function logistic(X) return ((-X):exp() + 1):pow(-1) end

network.activations.swish = {
  f = function(X) return X:times(logistic(X)) end,
  df = function(X)
    local s = logistic(X)
    return s + X:times(s):times(1 - s)
  end,
  doc = "x/(1 + e^-x) (Ramachandran, Zoph and Le 2017)",
}

--- Gaussian weights of which a share `density` is not 0, with the variance of dense ones.
network.inits.sparse = function(sizes, options, stream)
  local density = options.density or 0.1
  if not (density > 0 and density <= 1) then error("density must lie between 0 and 1, got " .. tostring(density), 0) end
  local W = {}
  for l = 1, #sizes - 1 do
    local layer = stream:split(l)
    local dense = layer:normal(sizes[l + 1], sizes[l], 0, (density * sizes[l]) ^ -0.5)
    W[l] = dense:times(layer:uniform(sizes[l + 1], sizes[l]):lt(density))
  end
  return W
end

--- The share of weights that are exactly 0.
network.observables.zeros = function(net)
  local zeros, count = 0, 0
  for l = 1, net.depth do
    local W = net.weights[l]
    zeros, count = zeros + W:eq(0):sum(), count + W.count
  end
  return zeros / count
end

return { activation = "swish", init = "sparse", observable = "zeros" }
