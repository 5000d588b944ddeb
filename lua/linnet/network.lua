--- The module `network`: what src/lua/lnetwork.c makes, and saving and loading.
--
-- A saved network is an .npz file that NumPy reads: W1, W2, ..., b1, b2, ... and `activations`, the names as
-- character codes.

local core = require "linnet.network_core"
local extend = require "linnet.extend"
local ensemble = require "linnet.ensemble"
local file = require "linnet.file"
local gated = require "linnet.gated"
local options = require "linnet.options"
local run = require "linnet.run"
local text = require "linnet.text"
require "linnet.pretrain" -- net:pretrain

local M = {
  new = core.new, from = core.from, ensemble = ensemble.new, gated = gated,
  activations = extend.activations, inits = extend.inits, observables = extend.observables,
}

--- Every array of a network under its name in a file.
---@param net network
---@return table<string, matrix>
local function arrays(net)
  local out = { activations = text.encode(table.concat(net.activations, " ")) }
  for l = 1, net.depth do
    out["W" .. l] = net.weights[l]
    if net.bias then out["b" .. l] = net.biases[l] end
  end
  return out
end

--- The network in the arrays of a file.
---@param found table<string, matrix>
---@param path string  for messages
---@param call string
---@return network
local function from_arrays(found, path, call)
  local layers = {}
  while found["W" .. #layers + 1] do layers[#layers + 1] = found["W" .. #layers + 1] end
  if #layers == 0 then options.fail(call, path .. " holds no network: it has no array W1") end
  if found.b1 then
    layers.biases = {}
    for l = 1, #layers do layers.biases[l] = found["b" .. l] end
  end
  if found.activations then
    layers.activation = {}
    for name in text.decode(found.activations):gmatch "%S+" do
      if not extend.activations[name] then
        options.fail(call, ("%s: the activation '%s' is not known here; add network.activations.%s = { f=, df= } first")
          :format(path, name, name))
      end
      layers.activation[#layers.activation + 1] = name
    end
  end
  local ok, net = pcall(core.from, layers)
  if not ok then options.fail(call, ("%s: %s"):format(path, net)) end
  return net
end

--- net:save "x.npz"
function core.methods.save(net, path)
  options.check_self(net, core.network, "a network", "net:save")
  file.save(text.npz_path(path, "net:save"), arrays(net), "net:save")
end

--- network.load "x.npz": what net:save wrote, or any .npz with arrays W1, W2, ... that chain.
---@param path string
---@return network
function M.load(path)
  path = text.npz_path(path, "network.load")
  return from_arrays(file.load(path, "network.load"), path, "network.load")
end

run.arrays_of_network, run.network_from_arrays = arrays, from_arrays
M.load_run = run.load

return M
