--- network.gated: gated deep linear networks, trained exactly from the moments of their paths.
--
-- A path is a chain of layers, which it may share with other paths; its product is W_p. Gates, which are given with the
-- data, switch paths on and off for each example:
--
--     f(x) = sum over p of g_p W_p x        Syx_p = (1/P) sum g_p y x'        Sxx_pq = (1/P) sum g_p g_q x x'
--     E_p = Syx_p - sum over q of W_q Sxx_qp
--     -dL/dW = sum over the paths through the layer of (layers above)' E_p (layers below)'
--     L = (1/2P) sum |y|^2 - sum <W_p, Syx_p> + (1/2) sum <W_p Sxx_pq, W_q>
--
-- so that a step costs what the pairs of paths cost, however many examples there are. Saxe, Sodhani and Lewallen
-- (2022), The neural race reduction.

local matrix = require "linnet.matrix"
local options = require "linnet.options"
local random = require "linnet.random"

local Gated = { __name = "linnet.Gated" }
Gated.__index = Gated

local DEFAULT_SCALE = 1e-3 -- of the entries of layers that are given by their sizes
local RECORDS = 200

-- ---- reading ----

local function is_matrix(value) return type(value) == "userdata" and pcall(function() return value.rows end) end

local function size_of(A) return ("%dx%d"):format(A.rows, A.cols) end

--- The layers: matrices as they are (copied), { outputs, inputs } drawn, in the order of their names.
local function read_layers(given, scale, seed, call)
  local names, layers = {}, {}
  for name in pairs(given) do
    if type(name) ~= "string" then options.fail(call, "layers needs names, as { encoder = { 16, 8 }, ... }") end
    names[#names + 1] = name
  end
  table.sort(names)
  if #names == 0 then options.fail(call, "layers is empty") end
  local stream = random.stream(seed)
  for _, name in ipairs(names) do
    local layer = given[name]
    if is_matrix(layer) then
      if not layer:isfinite():all() then options.fail(call, ("layer '%s' has NaN or an infinity"):format(name)) end
      layers[name] = layer:copy()
    else
      local sizes = type(layer) == "table" and #layer == 2 and layer or {}
      local rows, cols = math.tointeger(sizes[1]), math.tointeger(sizes[2])
      if not (rows and cols and rows > 0 and cols > 0) then
        options.fail(call, ("layer '%s' must be a matrix or { outputs, inputs }, got %s")
          :format(name, options.describe(layer)))
      end
      layers[name] = stream:normal(rows, cols, 0, scale)
    end
  end
  return layers, names
end

--- The paths, each a list of layers' names from the input on, that chain.
local function read_paths(given, layers, names, call)
  local paths, used = {}, {}
  for p, path in ipairs(given) do
    if type(path) ~= "table" or #path == 0 then
      options.fail(call, ("path %d must be a list of layers' names, from the input on, got %s")
        :format(p, options.describe(path)))
    end
    paths[p] = {}
    for l, name in ipairs(path) do
      local layer, below = layers[name], paths[p][l - 1]
      if not layer then
        options.fail(call, ("path %d goes through '%s', and layers has %s"):format(p, tostring(name),
          table.concat(names, ", ")))
      end
      if below and layers[below].rows ~= layer.cols then
        options.fail(call, ("path %d does not chain: '%s' is %s and '%s' above it %s")
          :format(p, below, size_of(layers[below]), name, size_of(layer)))
      end
      for _, earlier in ipairs(paths[p]) do
        if earlier == name then options.fail(call, ("path %d goes through '%s' twice"):format(p, name)) end
      end
      paths[p][l], used[name] = name, true
    end
  end
  if #paths == 0 then options.fail(call, "paths is empty") end
  for _, name in ipairs(names) do
    if not used[name] then options.fail(call, ("layer '%s' is on no path"):format(name)) end
  end
  return paths
end

--- X with each example times a path's gate.
local function switched(X, gates, p) return X:times(gates:row(p):tile(X.rows, 1)) end

local function moments_of_examples(task, gates, count, call)
  local ok, X, Y = pcall(function() return task.X, task.Y end)
  if not ok or not is_matrix(X) or not is_matrix(Y) then
    options.fail(call, "task must be a task with examples, got " .. options.describe(task))
  end
  if gates.rows ~= count or gates.cols ~= X.cols then
    options.fail(call, ("gates is %s; %dx%d is needed, a row for each path and a column for each example")
      :format(size_of(gates), count, X.cols))
  end
  if not gates:isfinite():all() then options.fail(call, "gates has NaN or an infinity") end
  local m, P = { Syx = {}, Sxx = {}, tr_yy = Y:norm() ^ 2 / X.cols }, X.cols
  for p = 1, count do
    local on = switched(X, gates, p)
    m.Syx[p], m.Sxx[p] = Y:mult(on) / P, {}
    for q = 1, count do
      local both = gates:row(p):times(gates:row(q))
      if both:abs():max() > 0 then m.Sxx[p][q] = on:mult(switched(X, gates, q)) / P end
    end
  end
  return m
end

--- Moments that are given: Syx a list, Sxx[p][q] matrices, absent where p and q are never on together.
local function check_moments(given, count, call)
  local function refuse(text, ...) options.fail(call, ("moments: " .. text):format(...)) end
  local m = { Syx = {}, Sxx = {}, tr_yy = given.tr_yy }
  if type(m.tr_yy) ~= "number" or not (m.tr_yy >= 0 and m.tr_yy < math.huge) then
    refuse("tr_yy, the mean of |y|^2, must be a number >= 0, got %s", options.describe(given.tr_yy))
  end
  if type(given.Syx) ~= "table" or type(given.Sxx) ~= "table" then
    refuse "Syx = a matrix for each path and Sxx = a list of such lists are needed"
  end
  for p = 1, count do
    local row = given.Sxx[p]
    if not is_matrix(given.Syx[p]) or type(row) ~= "table" or not is_matrix(row[p]) then
      refuse("Syx[%d] and Sxx[%d][%d] must be matrices", p, p, p)
    end
    m.Syx[p], m.Sxx[p] = given.Syx[p]:copy(), {}
    for q = 1, count do
      local other = type(given.Sxx[q]) == "table" and given.Sxx[q][p] or nil
      if (row[q] == nil) ~= (other == nil) or row[q] and not (is_matrix(row[q]) and is_matrix(other)
        and row[q].rows == other.cols and row[q].cols == other.rows
        and (row[q] - other.T):norm() <= 1e-10 * row[q]:norm()) then
        refuse("Sxx[%d][%d] must be the transpose of Sxx[%d][%d], or both absent", p, q, q, p)
      end
      if row[q] then m.Sxx[p][q] = row[q]:copy() end
    end
  end
  return m
end

local function check_fit(net, call)
  for p, path in ipairs(net.paths) do
    local first, last, S = net.layers[path[1]], net.layers[path[#path]], net.moments.Syx[p]
    if first.cols ~= S.cols or last.rows ~= S.rows then
      options.fail(call, ("path %d maps %d inputs to %d outputs, and its data have %d and %d")
        :format(p, first.cols, last.rows, S.cols, S.rows))
    end
    for q in pairs(net.moments.Sxx[p]) do
      local other, T = net.moments.Syx[q], net.moments.Sxx[p][q]
      if T.rows ~= S.cols or T.cols ~= other.cols or other.rows ~= S.rows then
        options.fail(call, ("Sxx[%d][%d] is %s and does not fit paths %d and %d"):format(p, q, size_of(T), p, q))
      end
    end
  end
end

--- A gated deep linear network: network.gated { layers=, paths=, task=, gates= } or { layers=, paths=, moments= }.
--- layers: by name, a matrix to start from, or { outputs, inputs }, drawn with standard deviation scale (1e-3) by seed.
--- paths: lists of layers' names, from the input on. gates: a row for each path, a column for each example of the task.
--- moments: { Syx = { a matrix for each path }, Sxx = { [p] = { [q] = matrix } }, tr_yy = mean of |y|^2 }; Sxx[p][q] is
--- absent for paths that are never on together.
---@return table  with layers, paths and the methods product, loss, gradient, forward, copy, train
local function gated(given)
  local call = "network.gated"
  local o = options.read(given, call, { layers = "table!", paths = "table!", task = "any", gates = "matrix",
    moments = "table", scale = "positive", seed = "integer" })
  local layers, names = read_layers(o.layers, o.scale or DEFAULT_SCALE, o.seed or 0, call)
  local paths = read_paths(o.paths, layers, names, call)
  if (o.moments == nil) == (o.task == nil) or (o.task == nil) ~= (o.gates == nil) then
    options.fail(call, "give task = a task and gates = when its examples go which path, or moments")
  end
  local moments = o.moments and check_moments(o.moments, #paths, call)
    or moments_of_examples(o.task, o.gates, #paths, call)
  local net = setmetatable({ layers = layers, names = names, paths = paths, moments = moments }, Gated)
  check_fit(net, call)
  return net
end

-- ---- what a network is ----

local function check_path(net, p, call)
  if math.type(p) ~= "integer" or not net.paths[p] then
    options.fail(call, ("a path from 1 to %d is needed, got %s"):format(#net.paths, options.describe(p)))
  end
end

--- The products of the first layers of a path: P[l] = W_l .. W_1.
local function products(net, path)
  local P = { net.layers[path[1]] }
  for l = 2, #path do P[l] = net.layers[path[l]] * P[l - 1] end
  return P
end

--- The map of path p: the product of its layers.
function Gated:product(p)
  check_path(self, p, "gated:product")
  return products(self, self.paths[p])[#self.paths[p]]:copy()
end

--- The partial products of all paths, and E_p of all.
local function residuals(net)
  local partial, E = {}, {}
  for p, path in ipairs(net.paths) do partial[p] = products(net, path) end
  for p in ipairs(net.paths) do
    E[p] = net.moments.Syx[p]:copy()
    for q, other in ipairs(net.paths) do
      local T = net.moments.Sxx[p][q]
      if T then E[p]:gemm(-1, partial[q][#other], T, 1, "n", "t") end
    end
  end
  return partial, E
end

--- The loss (1/2P) sum |y - f(x)|^2.
function Gated:loss()
  local partial, E = residuals(self)
  local loss = self.moments.tr_yy / 2
  for p, path in ipairs(self.paths) do
    loss = loss - (self.moments.Syx[p] + E[p]):times(partial[p][#path]):sum() / 2
  end
  return loss
end

--- The gradient of the loss: a matrix for each layer's name.
function Gated:gradient()
  local partial, E = residuals(self)
  local gradient = {}
  for name, W in pairs(self.layers) do gradient[name] = matrix.zeros(W.rows, W.cols) end
  for p, path in ipairs(self.paths) do
    local back = E[p] -- (layers above)' E_p
    for l = #path, 1, -1 do
      local G = gradient[path[l]]
      if l > 1 then
        G:gemm(-1, back, partial[p][l - 1], 1, "n", "t")
        back = self.layers[path[l]]:tmul(back)
      else
        G:axpy(-1, back)
      end
    end
  end
  return gradient
end

--- What the network answers for inputs X (a column each) with these gates (paths x columns).
function Gated:forward(X, gates)
  local call = "gated:forward"
  if not is_matrix(X) or not is_matrix(gates) or gates.rows ~= #self.paths or gates.cols ~= X.cols then
    options.fail(call, ("inputs and their gates are needed, a row of gates for each of %d paths"):format(#self.paths))
  end
  local f
  for p, path in ipairs(self.paths) do
    local W = products(self, path)[#path]
    if W.cols ~= X.rows then options.fail(call, ("path %d has %d inputs, and X %d"):format(p, W.cols, X.rows)) end
    local part = W * switched(X, gates, p)
    f = f and f + part or part
  end
  return f
end

function Gated:copy()
  local layers = {}
  for name, W in pairs(self.layers) do layers[name] = W:copy() end
  return setmetatable({ layers = layers, names = self.names, paths = self.paths, moments = self.moments }, Gated)
end

function Gated:__tostring()
  local function count(list, word) return ("%d %s%s"):format(#list, word, #list == 1 and "" or "s") end
  local lines = { ("gated network: %s, %s"):format(count(self.names, "layer"), count(self.paths, "path")) }
  for p, path in ipairs(self.paths) do lines[#lines + 1] = ("  %d: %s"):format(p, table.concat(path, " > ")) end
  return table.concat(lines, "\n")
end

-- ---- training ----

--- The steps after which to record, and the last one.
local function recorded_steps(o, call)
  if (o.steps == nil) == (o.times == nil) then options.fail(call, "give steps or times") end
  local at = {}
  if o.times then
    if o.every then options.fail(call, "every goes with steps; times says when to record") end
    for k = 1, #o.times do
      local t = o.times[k]
      if not (t >= 0 and t < math.huge) or k > 1 and t < o.times[k - 1] then
        options.fail(call, "times must rise from 0 or later")
      end
      at[k] = math.floor(t / o.rate + 0.5)
    end
    if #at == 0 then options.fail(call, "times is empty") end
    return at
  end
  local every = o.every or math.max(1, (o.steps + RECORDS - 1) // RECORDS)
  for step = 0, o.steps, every do at[#at + 1] = step end
  if at[#at] < o.steps then at[#at + 1] = o.steps end
  return at
end

--- Full-batch gradient descent: net:train { rate=, steps= [, every=] | times= }. Changes the network.
---@return table  t, steps and loss (T x 1), strength (T x paths: the norm of each path's map), net
function Gated:train(given)
  local call = "gated:train"
  local o = options.read(given, call, { rate = "positive!", steps = "count", every = "count", times = "numbers" })
  local at = recorded_steps(o, call)
  local run = { t = matrix.zeros(#at, 1), steps = matrix.zeros(#at, 1), loss = matrix.zeros(#at, 1),
                strength = matrix.zeros(#at, #self.paths), net = self }
  local step = 0
  for k, stop in ipairs(at) do
    while step < stop do
      local gradient = self:gradient()
      for name, G in pairs(gradient) do self.layers[name]:axpy(-o.rate, G) end
      step = step + 1
    end
    local loss = self:loss()
    if not (loss < math.huge) then
      options.fail(call, ("the loss is no longer finite after step %d; a lower rate than %g is needed")
        :format(step, o.rate))
    end
    run.t[k], run.steps[k], run.loss[k] = step * o.rate, step, loss
    for p = 1, #self.paths do run.strength:set(k, p, self:product(p):norm()) end
  end
  return run
end

return gated
