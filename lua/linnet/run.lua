--- What training, a flow or a prediction gives back: T records of some observables, and where they came from.
--
-- Fields: t (T x 1), steps (T x 1, of training), one for each observable (curves are T x K, weights[k][l] is layer l of
-- record k), recorded (the observables' names), net, plan, seconds, made_with (versions, kernels, threads).

local matrix = require "linnet.matrix"
local core = require "linnet.network_core"
local file = require "linnet.file"
local options = require "linnet.options"
local text = require "linnet.text"

local M = {}
local methods = {}

--- One record; print shows what is in it.
local Record = {}
function Record.__tostring(record)
  local names = {}
  for name in pairs(record) do
    if name ~= "t" and name ~= "index" then names[#names + 1] = name end
  end
  table.sort(names)
  local lines = { ("record at t = %.6g"):format(record.t) }
  for _, name in ipairs(names) do
    local value = record[name]
    local shown = type(value) == "number" and ("%.6g"):format(value)
      or type(value) == "table" and ("a list of %d"):format(#value)
      or tostring(value):gsub("^.-\n%s*", "")
    lines[#lines + 1] = ("  %s: %s"):format(name, shown)
  end
  return table.concat(lines, "\n")
end

--- The record nearest to time t: a table with t, index and an entry for each observable (a number, a 1 x K row, or the
--- list of the layers' weights).
---@param t number
function methods:at(t)
  options.check_self(self, core.run, "a run", "run:at")
  if type(t) ~= "number" then options.fail("run:at", "a time is needed, got " .. options.describe(t)) end
  if self.t.rows == 0 then options.fail("run:at", "the run ended before its first record") end
  local k = t == math.huge and self.t.rows or select(2, (self.t - t):abs():min())
  local record = { t = self.t[k], index = k }
  for _, name in ipairs(self.recorded) do
    local values = self[name]
    if type(values) == "table" then record[name] = values[k]
    elseif values.cols == 1 then record[name] = values[k]
    else record[name] = values:row(k):copy() end
  end
  return setmetatable(record, Record)
end

--- All weights (and biases) as one matrix, a column for each record.
local function parameters(run)
  local columns = {}
  for k = 1, #run.weights do
    local parts = {}
    for l, W in ipairs(run.weights[k]) do
      parts[#parts + 1] = W:reshape(W.count, 1)
      if run.biases then parts[#parts + 1] = run.biases[k][l]:copy() end
    end
    columns[k] = matrix.vcat(table.unpack(parts))
  end
  return matrix.hcat(table.unpack(columns))
end

--- The matrices of a list (of lists) of square ones as one matrix: a column for each record, one below the other.
local function squares(list)
  local columns = {}
  for k, entry in ipairs(list) do
    local parts = {}
    for l, A in ipairs(type(entry) == "table" and entry or { entry }) do parts[l] = A:reshape(A.count, 1) end
    columns[k] = matrix.vcat(table.unpack(parts))
  end
  return matrix.hcat(table.unpack(columns))
end

--- The shape of the matrices that an observable of a user's own gave, as a column.
local function shape_of(list)
  return list[1] and matrix { list[1].rows, list[1].cols } or matrix.zeros(2, 1)
end

--- run:save "x.npz": the records and the network, readable by NumPy; network.load_run gets them back.
function methods:save(path)
  options.check_self(self, core.run, "a run", "run:save")
  local out = M.arrays_of_network(self.net)
  out.t, out.steps = self.t, rawget(self, "steps")
  out.recorded = text.encode(table.concat(self.recorded, " "))
  out.plan = text.encode(self.plan)
  out.made_with = rawget(self, "made_with") and text.encode(self.made_with)
  for _, name in ipairs(self.recorded) do
    if name == "weights" then out.parameters = parameters(self)
    elseif type(self[name]) == "table" then
      out[name] = squares(self[name])
      if not core.listed[name] then out["shape of " .. name] = shape_of(self[name]) end
    else out[name] = self[name] end
  end
  file.save(text.npz_path(path, "run:save"), out, "run:save")
end

--- Number of parameters.
local function count(net)
  local n = 0
  for l = 1, net.depth do n = n + net.sizes[l + 1] * (net.sizes[l] + (net.bias and 1 or 0)) end
  return n
end

--- The lists weights[k][l] (and biases[k][l]) in the columns of a matrix of parameters.
local function unpack_parameters(run, columns)
  run.weights = {}
  if run.net.bias then run.biases = {} end
  local sizes = run.net.sizes
  for k = 1, columns.cols do
    local at, W, b = 0, {}, {}
    for l = 1, run.net.depth do
      local rows, cols = sizes[l + 1], sizes[l]
      W[l] = columns:block(at + 1, at + rows * cols, k, k):reshape(rows, cols)
      at = at + rows * cols
      if run.net.bias then
        b[l] = columns:block(at + 1, at + rows, k, k):copy()
        at = at + rows
      end
    end
    run.weights[k] = W
    if run.net.bias then run.biases[k] = b end
  end
end

--- Raises unless the array under this name is there and has this shape; cols nil: any number.
local function check_array(found, name, rows, cols, path)
  local A = found[name]
  if A and A.rows == rows and A.cols == (cols or A.cols) then return A end
  options.fail("network.load_run", ("%s: the array '%s' must be %dx%s, and %s"):format(path, name, rows, cols or "K",
    A and ("is %dx%d"):format(A.rows, A.cols) or "is missing"))
end

--- The list that squares() made a matrix of: of matrices, or for `representations` of a list for the hidden layers.
local function unpack_squares(name, net, columns, records, path)
  local parts = name == "representations" and net.depth - 1 or 1
  local order = columns and parts > 0 and math.floor((columns.rows / parts) ^ 0.5 + 0.5) or 0
  check_array({ [name] = columns }, name, parts * order * order, records, path)
  local list = {}
  for k = 1, records do
    local squares_of = {}
    for l = 1, parts do
      squares_of[l] = columns:block((l - 1) * order ^ 2 + 1, l * order ^ 2, k, k):reshape(order, order)
    end
    list[k] = name == "representations" and squares_of or squares_of[1]
  end
  return list
end

--- The list of the matrices of a user's own observable.
local function unpack_matrices(name, found, records, path)
  local shape, list = check_array(found, "shape of " .. name, 2, 1, path), {}
  local columns = check_array(found, name, shape[1] * shape[2], records, path)
  for k = 1, records do list[k] = columns:col(k):copy():reshape(shape[1], shape[2]) end
  return list
end

--- network.load_run "x.npz"
---@param path string
function M.load(path)
  local found = file.load(text.npz_path(path, "network.load_run"), "network.load_run")
  if not (found.t and found.recorded) then
    options.fail("network.load_run", path .. " holds no run: it has no arrays t and recorded")
  end
  local records = check_array(found, "t", found.t.rows, 1, path).rows
  local net = M.network_from_arrays(found, path, "network.load_run")
  local run = { t = found.t, recorded = {}, net = net, plan = found.plan and text.decode(found.plan) or "",
                made_with = found.made_with and text.decode(found.made_with) or "" }
  run.steps = found.steps and check_array(found, "steps", records, 1, path)
  for name in text.decode(found.recorded):gmatch "%S+" do
    if not core.observables[name] then
      options.fail("network.load_run",
        ("%s: '%s' is not known among what a run records; if it is your own, add network.observables.%s first")
          :format(path, name, name))
    end
    run.recorded[#run.recorded + 1] = name
    if name == "weights" then unpack_parameters(run, check_array(found, "parameters", count(net), records, path))
    elseif found["shape of " .. name] then run[name] = unpack_matrices(name, found, records, path)
    elseif core.listed[name] then run[name] = unpack_squares(name, net, found[name], records, path)
    else run[name] = check_array(found, name, records, nil, path) end
  end
  return setmetatable(run, core.run)
end

function core.run.__index(_, name)
  if methods[name] then return methods[name] end
  if core.observables[name] then
    options.fail("run." .. name, ('it was not recorded; give record = { "%s", ... }'):format(name))
  end
  return nil
end

--- "training: 201 records, t = 0 .. 40, loss 1.78 to 3.2e-05 (moments: ...)"
function core.run.__tostring(run)
  local n = run.t.rows
  local parts = { ("%s: %d record%s"):format(rawget(run, "solution") or (rawget(run, "steps") and "training" or "flow"),
                                             n, n == 1 and "" or "s") }
  if n > 0 then
    parts[#parts + 1] = (", t = %.6g .. %.6g"):format(run.t[1], run.t[n])
    local loss = rawget(run, "loss")
    if loss then parts[#parts + 1] = (", loss %.6g to %.6g"):format(loss[1], loss[n]) end
  end
  if rawget(run, "diverged") then parts[#parts + 1] = ", diverged" end
  if rawget(run, "plan") then parts[#parts + 1] = "\n  plan: " .. run.plan end
  if rawget(run, "warning") then parts[#parts + 1] = "\n  warning: " .. run.warning end
  if rawget(run, "assumptions") then
    for _, a in ipairs(run.assumptions) do
      local cost = not a.holds and a.error and (", costs about %.2g of the final weights"):format(a.error) or ""
      parts[#parts + 1] = ("\n  %s: %s (distance %.2g%s)")
        :format(a.name, a.holds and "holds" or "does not hold", a.distance, cost)
    end
  end
  return table.concat(parts)
end

return M
