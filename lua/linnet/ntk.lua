--- theory.ntk: the tangent kernel of a linear network, and how it moves along training.
--
-- The kernel needs the layers only up to rotations of the hidden ones: where two balanced layers are solved by their
-- representations, it is a closed form without any integration.

local core = require "linnet.theory_core"
local network = require "linnet.network"
local options = require "linnet.options"
local predict = require "linnet.predict"

local M = {}
for name, f in pairs(core.ntk) do M[name] = f end

local RECORDED = { norm = "ntk_norm", distance = "ntk_distance", alignment = "ntk_alignment", kernel = "ntk" }
local KINDS = { net = "any", weights = "any", task = "any!", kernel = "flag", ntk_examples = "any", solution = "any",
  force = "any", tolerance = "any", weight_decay = "any" }
local KINDS_OF_PATH = { times = "any!" }
for name, kind in pairs(KINDS) do KINDS_OF_PATH[name] = kind end

--- A linear network of these layers: a list of matrices, or net.weights.
local function network_of(weights, call)
  local layers, type_of = {}, type(weights)
  if type_of ~= "table" and type_of ~= "userdata" then
    options.fail(call, "weights must be the list of a network's layers, got " .. options.describe(weights))
  end
  for l = 1, #weights do layers[l] = weights[l] end
  return network.from(layers)
end

--- What theory.predict says of the kernel at these times.
local function predicted(o, call, times)
  if (o.net == nil) == (o.weights == nil) then options.fail(call, "give net = a network, or weights = its layers") end
  local record = { RECORDED.norm, RECORDED.distance, RECORDED.alignment }
  if o.kernel then record[#record + 1] = RECORDED.kernel end
  return predict.predict { net = o.net or network_of(o.weights, call), task = o.task, times = times, record = record,
    ntk_examples = o.ntk_examples, solution = o.solution, force = o.force, tolerance = o.tolerance,
    weight_decay = o.weight_decay }
end

--- The kernel over time: theory.ntk.path { net= | weights=, task=, times=, kernel=false, ntk_examples=, and what
--- theory.predict takes: solution=, force=, tolerance=, weight_decay= }. times may end with math.huge.
---@return table  t; curves norm (|K|), distance (from K at the start) and alignment (with the targets); kernel, a list
---               of matrices, if asked for; solution, exact, and the prediction itself
function M.path(given)
  local o = options.read(given, "theory.ntk.path", KINDS_OF_PATH)
  local pred = predicted(o, "theory.ntk.path", o.times)
  local path = { t = pred.t, solution = pred.solution, exact = pred.exact, prediction = pred }
  for name, recorded in pairs(RECORDED) do path[name] = rawget(pred, recorded) end
  return path
end

--- Where the kernel goes: theory.ntk.limit { as path, without times }. Exact where a closed form holds; else the flow
--- is followed until it rests, and a start that ends on a saddle is an error.
---@return table  numbers norm, distance, alignment; kernel, a matrix, if asked for; growth (|K| over |K| at the start),
---               solution, exact
function M.limit(given)
  local o = options.read(given, "theory.ntk.limit", KINDS)
  local pred = predicted(o, "theory.ntk.limit", { 0, math.huge })
  local limit = { growth = pred.ntk_norm[2] / pred.ntk_norm[1], solution = pred.solution, exact = pred.exact }
  for name, recorded in pairs(RECORDED) do
    local values = rawget(pred, recorded)
    limit[name] = values and values[2]
  end
  return limit
end

return M
