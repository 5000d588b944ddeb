--- Ensembles: networks that differ in their seeds, trained together; means and spreads over them.
--
-- An ensemble is a list of networks with methods of its own; network.ensemble makes one. What ens:train and ens:flow
-- give back is a list of ordinary runs, with what they share (t, steps, rate, recorded, plan, count, seconds), and:
--   mean, std, stderr     of each recorded curve: run.mean.loss is T x K as run[1].loss is
--   run:quantile(q)       the same of quantiles: run:quantile(0.5).loss
--   diverged              the numbers of the networks that diverged, which are left out of the statistics
--   averaged              the numbers of those that the statistics are over: all that came to their end, or, of a run
--                         that was ended before any did, those that have a record; as far as all of them have records

local matrix = require "linnet.matrix"
local core = require "linnet.network_core"
local options = require "linnet.options"

local M = {}

local function fail_field(kind, key)
  options.fail(kind, type(key) == "string" and ("no field or method '%s'"):format(key)
    or ("numbers from 1 on name its parts, got %s"):format(options.describe(key)))
end

-- ---- the networks ----

local Ensemble = core.ensemble_type
local methods = { train = core.ensemble_train, flow = core.ensemble_flow }

--- network.ensemble { count =, and as network.new }: number i is what network.new makes of seed + i - 1.
function M.new(given) return setmetatable(core.ensemble(given), Ensemble) end

--- ens:copy(): copies of the networks.
function methods:copy()
  options.check_self(self, Ensemble, "an ensemble", "ens:copy")
  local nets = {}
  for i, net in ipairs(self) do nets[i] = net:copy() end
  return setmetatable(nets, Ensemble)
end

function Ensemble.__index(ens, key)
  if key == "count" then return #ens end
  if methods[key] then return methods[key] end
  if math.type(key) == "integer" then return nil end -- where ipairs ends
  fail_field("ensemble", key)
end

function Ensemble.__tostring(ens) return ("ensemble of %d: %s"):format(#ens, tostring(ens[1])) end

-- ---- their runs ----

local Run = core.ensemble_run

--- The curve `name` of all networks that the statistics are over: a column for each, T * K numbers long.
local function columns(run, name, call)
  if not core.observables[name] then
    options.fail(call, ("no observable '%s' was recorded"):format(tostring(name)))
  elseif not rawget(run[1], name) then
    options.fail(call, ('%s was not recorded; give record = { "%s", ... }'):format(name, name))
  elseif type(run[1][name]) == "table" then
    options.fail(call, ("%s are matrices, and have no mean or spread here; run[i].%s are those of network i")
      :format(name, name))
  elseif #run.averaged == 0 then
    options.fail(call, #run.diverged > 0 and "every network diverged" or "no network has a record")
  end
  local T, K = run.t.rows, run[1][name].cols
  local all = matrix.zeros(T * K, #run.averaged)
  if T == 0 then return all, T, K end
  for j, i in ipairs(run.averaged) do
    all:col(j):assign(run[i][name]:rowrange(1, T):copy():reshape(T * K, 1))
  end
  return all, T, K
end

--- A table that computes its field `name`, for each curve, by reduce(columns).
local function statistics(run, call, reduce)
  return setmetatable({}, {
    __index = function(self, name)
      local all, T, K = columns(run, name, call)
      self[name] = T == 0 and matrix.zeros(0, K) or reduce(all):reshape(T, K)
      return rawget(self, name)
    end,
    __tostring = function() return call .. " of " .. table.concat(run.recorded, ", ") end,
  })
end

local reductions = {
  mean = function(all) return all:mean(2) end,
  std = function(all) return all:std(2) end,
  stderr = function(all) return all:std(2) / all.cols ^ 0.5 end,
}

local run_methods = {}

--- run:quantile(q), 0 <= q <= 1: of each curve, at each record on its own.
---@param q number
function run_methods:quantile(q)
  options.check_self(self, Run, "an ensemble's run", "run:quantile")
  if type(q) ~= "number" or not (q >= 0 and q <= 1) then
    options.fail("run:quantile", "a number from 0 to 1 is needed, got " .. options.describe(q))
  end
  return statistics(self, ("run:quantile(%g)"):format(q), function(all) return all:quantile(q, 2) end)
end

function Run.__index(run, key)
  if reductions[key] then
    local made = statistics(run, "run." .. key, reductions[key])
    rawset(run, key, made)
    return made
  end
  if run_methods[key] then return run_methods[key] end
  if math.type(key) == "integer" or key == "steps" or key == "tolerance" then return nil end
  if core.observables[key] then
    options.fail("run." .. key, ("of an ensemble there are run.mean.%s, run.std.%s, run.stderr.%s, run:quantile(q).%s "
      .. "and, of network i, run[i].%s"):format(key, key, key, key, key))
  end
  fail_field("run of an ensemble", key)
end

--- "training of 100 networks: 201 records, t = 0 .. 40, mean loss 1.78 to 3.2e-05; 2 diverged and are left out"
function Run.__tostring(run)
  local n = run.t.rows
  local parts = { ("%s of %d network%s: %d record%s"):format(run.steps and "training" or "flow", run.count,
    run.count == 1 and "" or "s", n, n == 1 and "" or "s") }
  if n > 0 then
    parts[#parts + 1] = (", t = %.6g .. %.6g"):format(run.t[1], run.t[n])
    if rawget(run[1], "loss") then
      parts[#parts + 1] = (", mean loss %.6g to %.6g"):format(run.mean.loss[1], run.mean.loss[n])
    end
  end
  local left = run.count - #run.averaged - #run.diverged
  if #run.diverged > 0 then parts[#parts + 1] = ("; %d diverged and are left out"):format(#run.diverged) end
  if left > 0 then parts[#parts + 1] = ("; %d did not come to their end and are left out"):format(left) end
  parts[#parts + 1] = "\n  plan: " .. run.plan
  return table.concat(parts)
end

return M
