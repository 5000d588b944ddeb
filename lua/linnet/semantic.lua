--- theory.semantic: what a deep linear network learns of items and their properties, and when.
--
-- Items are inputs, one for each (one-hot), or any white inputs; Y (properties x items) is what they have. Every
-- function takes
-- task = a task of that kind, whose names of items and features may stand wherever a number may, or Y = a matrix. Saxe,
-- McClelland and Ganguli (2019), A mathematical theory of semantic development in deep neural networks; formulas:
-- docs/theory/semantic.md. Times are t = rate * steps.

local matrix = require "linnet.matrix"
local core = require "linnet.theory_core"
local options = require "linnet.options"
local relearning = require "linnet.relearning"

local M = {
  coherence = core.semantic.coherence, tree = core.semantic.tree, tree_features = core.semantic.tree_features,
  tree_similarity = core.semantic.tree_similarity, structure = core.semantic.structure,
  structure_tree = core.semantic.structure_tree, forgetting = core.semantic.forgetting,
  reversal = relearning.reversal, transfer = relearning.transfer,
}

-- ---- what all functions read ----

--- How far from white inputs may be, relative.
local WHITE = 1e-10

--- The options of a function: those of the problem, and its own.
local function read(given, call, own)
  local kinds = { task = "any", Y = "matrix", lambda = "positive" }
  for name, kind in pairs(own or {}) do kinds[name] = kind end
  return options.read(given, call, kinds)
end

--- Y, the variance of an input, and the task if there is one.
local function problem(o, call)
  if (o.task == nil) == (o.Y == nil) then options.fail(call, "give task = a task, or Y = properties x items") end
  if o.Y then return { Y = o.Y, lambda = o.lambda or 1 / o.Y.cols } end
  if o.lambda then options.fail(call, "lambda goes with Y; a task has its own") end
  local kind = getmetatable(o.task) -- or its name, where the debug library is not permitted
  if type(o.task) ~= "userdata" or (type(kind) == "table" and kind.__name or kind) ~= "linnet.Task" then
    options.fail(call, "task must be a task, got " .. options.describe(o.task))
  end
  local Sxx = o.task.Sxx
  local lambda = Sxx:trace() / Sxx.rows
  local off = (Sxx - lambda * matrix.eye(Sxx.rows)):norm()
  if not (lambda > 0) or off > WHITE * lambda * Sxx.rows ^ 0.5 then
    options.fail(call, ("the task's inputs must be one-hot or white; they are off by %.2g; see task:whiten()")
      :format(off / lambda / Sxx.rows ^ 0.5))
  end
  return { Y = o.task.Syx / lambda, lambda = lambda, task = o.task }
end

--- The number of an item or a feature that may be given by its name.
local function index(p, kind, given, count, call, option)
  if type(given) == "string" then
    if not p.task then options.fail(call, ("%s = '%s': names go with a task; give a number"):format(option, given)) end
    return kind == "item" and p.task:item(given) or kind == "feature" and p.task:feature(given)
  end
  local number = math.type(given) == "integer" and given or type(given) == "number" and math.tointeger(given)
  if not number or number < 1 or number > count then
    options.fail(call, ("%s must be a name or a number from 1 to %d, got %s")
      :format(option, count, options.describe(given)))
  end
  return number
end

local function names_of(p, field) return p.task and p.task[field] end

--- A K-column of the modes' strengths at one time, or a T x K matrix over several.
local function strengths(p, sigma, a0, t, depth)
  return core.mode.strength { s = p.lambda * sigma, rho = p.lambda, a0 = a0, depth = depth or 2, t = t }
end

local function several(t) return type(t) ~= "number" end

--- f(t) for a number; the list of f at each entry for more.
local function at_times(t, f)
  if not several(t) then return f(t) end
  local list = {}
  if type(t) == "table" then
    for k, time in ipairs(t) do list[k] = f(time) end
  else
    for k = 1, t.count do list[k] = f(t:reshape(t.count, 1)[k]) end
  end
  return list
end

-- ---- distinctions ----

local Modes = {}
Modes.__index = Modes
Modes.__name = "linnet.Distinctions"

--- The names at the two ends of a vector, the farthest first: "canary, robin | pine".
local function ends(vector, names, count)
  local order, sides = vector:abs():argsort(), { {}, {} }
  local largest = vector:abs():max()
  for j = #order, math.max(1, #order - count + 1), -1 do
    local i = math.tointeger(order[j])
    if math.abs(vector[i]) > 0.1 * largest then
      local side = sides[vector[i] > 0 and 1 or 2]
      side[#side + 1] = names and names[i] or tostring(i)
    end
  end
  return table.concat(sides[1], ", ") .. " | " .. table.concat(sides[2], ", ")
end

function Modes.__tostring(m)
  local lines = { ("%d distinction%s of %d items by %d properties"):format(#m.sigma, #m.sigma == 1 and "" or "s",
    m.v.rows, m.u.rows) }
  for _, group in ipairs(m.groups) do
    local k = group[1]
    lines[#lines + 1] = #group > 1
      and ("  %2d-%-2d sigma %-9.6g (equal: no vectors of their own)"):format(k, group[#group], m.sigma[k])
      or ("  %5d sigma %-9.6g %s"):format(k, m.sigma[k], ends(m.v:col(k), m.items, 6))
  end
  return table.concat(lines, "\n")
end

--- The distinctions in Y = sum of sigma u v', the largest first. Equal sigma have no vectors of their own: `groups`
--- says which
--- belong together.
---@return table  sigma, s (= lambda sigma) and share (of the sum of Y^2), K x 1; u (properties x K), v (items x K);
---               groups, a
---               list of lists of modes; lambda, items, features
function M.modes(given)
  local call = "theory.semantic.modes"
  local p = problem(read(given, call), call)
  local m = core.semantic.modes { Y = p.Y }
  local groups = {}
  for k = 1, #m.sigma do
    local g = math.tointeger(m.group[k])
    groups[g] = groups[g] or {}
    table.insert(groups[g], k)
  end
  return setmetatable({
    sigma = m.sigma, s = p.lambda * m.sigma, share = m.sigma:pow(2) / m.sigma:dot(m.sigma), u = m.u, v = m.v,
    groups = groups, lambda = p.lambda, items = names_of(p, "items"), features = names_of(p, "features"),
  }, Modes)
end

--- When modes are learned: theory.semantic.times { task= | Y= | sigma=, lambda=, a0=, fraction=0.5 }, two layers.
---@return table  time (to reach the fraction), half (the fraction 1/2), width (from 10 % to 90 %), slope (the
---               steepest), shallow (one
---               layer, to the same fraction), in the shape of sigma
function M.times(given)
  local call = "theory.semantic.times"
  local o = read(given, call, { sigma = "any", a0 = "positive!", fraction = "positive" })
  local fraction = o.fraction or 0.5
  if fraction >= 1 then options.fail(call, ("fraction = %g: must lie between 0 and 1"):format(fraction)) end
  local sigma, lambda = o.sigma, o.lambda
  if sigma == nil then
    local p = problem(o, call)
    sigma, lambda = core.semantic.modes { Y = p.Y }.sigma, p.lambda
  elseif o.task or o.Y then
    options.fail(call, "sigma stands for a task or Y; give one of them")
  end
  lambda = lambda or 1
  local function time(f)
    local s = type(sigma) == "number" and lambda * sigma or lambda * matrix(sigma)
    local t = core.mode.time { s = s, a0 = o.a0, rho = lambda, fraction = f }
    if type(t) == "number" then return t ~= t and 0 or t end -- NaN: passed before the start
    return t.T:map(function(x) return x ~= x and 0 or x end)
  end
  local width = 2 * math.log(9) / 2 / lambda
  local shallow = -math.log(1 - fraction) / lambda
  if type(sigma) == "number" then
    return { time = time(fraction), half = time(0.5), width = width / sigma, slope = lambda * sigma ^ 2 / 2,
             shallow = shallow }
  end
  local column = matrix(sigma)
  return { time = time(fraction), half = time(0.5), width = width * column:pow(-1), slope = lambda / 2 * column:pow(2),
           shallow = shallow }
end

--- When curves first reach a level, by straight lines between their points: theory.semantic.crossing { t=, values=,
--- level= }, values T x K, each column a curve. What begins at the level or above has crossed it at its first time;
--- what never does, at math.huge.
---@return matrix  K x 1
function M.crossing(given)
  local call = "theory.semantic.crossing"
  local o = options.read(given, call, { t = "numbers!", values = "matrix!", level = "number!" })
  local t, values = o.t, o.values
  if values.rows ~= #t or #t == 0 then
    options.fail(call, ("values has %d rows for %d times; a row for each is needed"):format(values.rows, #t))
  end
  for k = 2, #t do
    if not (t[k] > t[k - 1]) then options.fail(call, ("t must rise, and number %d does not"):format(k)) end
  end
  return matrix.map(function(j)
    for k = 1, #t do
      local here, before = values:get(k, j), k > 1 and values:get(k - 1, j)
      if here >= o.level then
        return before and t[k] - (t[k] - t[k - 1]) * (here - o.level) / (here - before) or t[k]
      end
    end
    return math.huge
  end, matrix.range(1, values.cols))
end

--- What the network knows at time t, a number or several: theory.semantic.development { task= | Y=, a0=, t=, depth=2,
--- layer=1 }.
---@return table  strength (K, or T x K); and for each time (one, or a list) W (the map), shallow (the map of one
---               layer from 0), hidden
---               (similarity of the items in this layer) and output (in what is said of them)
function M.development(given)
  local call = "theory.semantic.development"
  local o = read(given, call, { a0 = "positive!", t = "any!", depth = "count", layer = "count" })
  local p, depth, layer = problem(o, call), o.depth or 2, o.layer or 1
  if layer > depth then options.fail(call, ("layer = %d: the network has %d"):format(layer, depth)) end
  local m = core.semantic.modes { Y = p.Y }
  local function scaled(a, power) return m.v * matrix.diag(a:pow(power)) * m.v.T end
  local at = {}
  at.strength = strengths(p, m.sigma, o.a0, o.t, depth)
  if not several(o.t) then at.strength = at.strength:reshape(#m.sigma, 1) end
  local function each(f)
    return at_times(o.t, function(t) return f(strengths(p, m.sigma, o.a0, t, depth):reshape(#m.sigma, 1), t) end)
  end
  at.W = each(function(a) return m.u * matrix.diag(a) * m.v.T end)
  at.shallow = each(function(_, t) return p.Y * (1 - math.exp(-p.lambda * t)) end)
  at.hidden = each(function(a) return scaled(a, 2 * layer / depth) end)
  at.output = each(function(a) return scaled(a, 2) end)
  return at
end

--- The strengths from which the modes of a network of two layers with small random weights grow:
--- theory.semantic.effective_start { task= | Y=, net= | weights= }, |W1 v + W2' u|^2/4 for each.
---@return matrix  K x 1
function M.effective_start(given)
  local call = "theory.semantic.effective_start"
  local o = read(given, call, { net = "any", weights = "any" })
  local p = problem(o, call)
  if (o.net == nil) == (o.weights == nil) then options.fail(call, "give net = a network, or weights = two layers") end
  local weights = o.weights or o.net.weights
  if #weights ~= 2 then options.fail(call, ("it is for two layers, and this network has %d"):format(#weights)) end
  local m = core.semantic.modes { Y = p.Y }
  local grown = weights[1] * m.v + weights[2]:tmul(m.u)
  return grown:pow(2):sum(1).T / 4
end

-- ---- illusions, typicality, induction ----

--- What is wrongly believed of one item for a while: theory.semantic.illusion { task= | Y=, a0=, item=, property=
--- [, t=] }.
---@return table  target, excursion (beyond what is so at the start and at the end, with its sign), extreme and time (of
---               it; absent if there is none), staircase (the plateaus for a0 -> 0, from none to all groups of modes);
---               with t the curves belief and shallow (one layer's) over it, T x 1, or numbers for a number
function M.illusion(given)
  local call = "theory.semantic.illusion"
  local o = read(given, call, { a0 = "positive!", item = "any!", property = "any!", t = "any" })
  local p = problem(o, call)
  local i = index(p, "item", o.item, p.Y.cols, call, "item")
  local f = index(p, "feature", o.property, p.Y.rows, call, "property")
  local found = core.semantic.illusion { Y = p.Y, a0 = o.a0, item = i, property = f }
  if found.time then found.time = found.time / p.lambda end
  if o.t ~= nil then
    local m = core.semantic.modes { Y = p.Y }
    local parts = m.u:row(f):times(m.v:row(i)) -- 1 x K
    local a = strengths(p, m.sigma, o.a0, several(o.t) and o.t or { o.t })
    local t = several(o.t) and matrix(o.t) or matrix { o.t }
    found.belief = a:reshape(t.count, #m.sigma) * parts.T
    found.shallow = p.Y:get(f, i) * (1 - (-p.lambda * t):exp()):reshape(t.count, 1)
    if not several(o.t) then found.belief, found.shallow = found.belief:item(), found.shallow:item() end
  end
  return found
end

--- All illusions: theory.semantic.illusions { task= | Y=, a0=, least=0.5 }.
---@return table  excursion (properties x items), and a list of those of at least that size, the largest first, each
---               with item,
---               property (names where there are any) and excursion
function M.illusions(given)
  local call = "theory.semantic.illusions"
  local o = read(given, call, { a0 = "positive!", least = "nonnegative" })
  local p, least = problem(o, call), o.least or 0.5
  local all = { excursion = core.semantic.illusions { Y = p.Y, a0 = o.a0 } }
  local items, features = names_of(p, "items"), names_of(p, "features")
  for i = 1, p.Y.cols do
    for f = 1, p.Y.rows do
      local excursion = all.excursion:get(f, i)
      if excursion ~= 0 and math.abs(excursion) >= least then
        all[#all + 1] = { item = items and items[i] or i, property = features and features[f] or f,
                          excursion = excursion }
      end
    end
  end
  table.sort(all, function(a, b) return math.abs(a.excursion) > math.abs(b.excursion) end)
  return all
end

--- How typical the items are of a distinction: theory.semantic.typicality { task= | Y=, mode=1 [, a0=, criterion=] }.
---@return table  typicality (v, items x 1), prototype (u, properties x 1), importance (of properties: the same u);
---               with a0 and criterion
---               time: when u.y passes the criterion for each item, math.huge if never
function M.typicality(given)
  local call = "theory.semantic.typicality"
  local o = read(given, call, { a0 = "positive", mode = "count", criterion = "positive" })
  local p, k = problem(o, call), o.mode or 1
  local m = M.modes { Y = p.Y, lambda = p.lambda }
  if k > #m.sigma then options.fail(call, ("mode = %d: there are %d"):format(k, #m.sigma)) end
  for _, group in ipairs(m.groups) do
    if #group > 1 and group[1] <= k and k <= group[#group] then
      options.fail(call, ("mode %d is one of %d with equal singular values: it has no vector of its own")
        :format(k, #group))
    end
  end
  local answer = { typicality = m.v:col(k):copy(), prototype = m.u:col(k):copy() }
  if (o.a0 == nil) ~= (o.criterion == nil) then options.fail(call, "times need both a0 and criterion") end
  if o.a0 then
    local sigma = m.sigma[k]
    answer.time = answer.typicality:map(function(v)
      local fraction = o.criterion / (math.abs(v) * sigma)
      if not (fraction < 1) then return math.huge end
      local t = core.mode.time { s = p.lambda * sigma, rho = p.lambda, a0 = o.a0, fraction = fraction }
      return t ~= t and 0 or t
    end)
  end
  return answer
end

--- Column i of A'A over its entry i.
local function project(A, i)
  local column = A:tmul(A:col(i))
  if not (column[i] > 0) then return nil end
  return column / column[i]
end

--- How new knowledge spreads: theory.semantic.projection { task= | Y=, a0=, t= [, item=] [, property=] }, or with the
--- two layers
--- of any network, net= or weights=, in place of a0 and t. A new property told of an item spreads to other items, a
--- new item told to
--- have a property gets others.
---@return table  new_property (items x 1, for item) and new_item (properties x 1, for property)
function M.projection(given)
  local call = "theory.semantic.projection"
  local o = read(given, call, { a0 = "positive", t = "nonnegative", item = "any", property = "any", net = "any",
                                weights = "any" })
  local p = problem(o, call)
  if o.item == nil and o.property == nil then
    options.fail(call, "give item = one with a new property, or property = of a new item")
  end
  local hidden, readout -- hidden x items, hidden x properties
  local weights = o.weights or (o.net and o.net.weights)
  if weights then
    if #weights ~= 2 then options.fail(call, ("it is for two layers, and this network has %d"):format(#weights)) end
    hidden, readout = weights[1], weights[2].T
  else
    if not (o.a0 and o.t) then options.fail(call, "give a0 and t, or net = a network") end
    local m = core.semantic.modes { Y = p.Y }
    local root = matrix.diag(strengths(p, m.sigma, o.a0, o.t):reshape(#m.sigma, 1):sqrt())
    hidden, readout = root * m.v.T, root * m.u.T
  end
  local answer = {}
  local function spread(field, A, kind, option, value)
    local i = index(p, kind, value, A.cols, call, option)
    answer[field] = project(A, i)
    if not answer[field] then
      options.fail(call, ("%s %s is not represented at all: nothing spreads from it"):format(option, value))
    end
  end
  if o.item ~= nil then spread("new_property", hidden, "item", "item", o.item) end
  if o.property ~= nil then spread("new_item", readout, "feature", "property", o.property) end
  return answer
end

-- ---- similarity ----

--- Distances from a matrix of similarities K: sqrt(K_ii + K_jj - 2 K_ij).
---@return matrix
function M.distances(given)
  local K = options.read(given, "theory.semantic.distances", { K = "matrix!" }).K
  if K.rows ~= K.cols then
    options.fail("theory.semantic.distances", "K must be square, got " .. options.describe(K))
  end
  local own = K:diag()
  return (-2 * K + own + own.T):clamp(0, math.huge):sqrt()
end

--- How alike two representations are: the correlation of their distances, theory.semantic.rsa { K=, other= }.
---@return number
function M.rsa(given)
  local o = options.read(given, "theory.semantic.rsa", { K = "matrix!", other = "matrix!" })
  local a, b = M.distances { K = o.K }, M.distances { K = o.other }
  if a.rows ~= b.rows then
    options.fail("theory.semantic.rsa", ("K is of %d items and other of %d"):format(a.rows, b.rows))
  end
  if a.rows < 3 then options.fail("theory.semantic.rsa", "two distances or more are needed: three items") end
  local n, x, y = a.rows, {}, {}
  for j = 2, n do for i = 1, j - 1 do x[#x + 1], y[#y + 1] = a:get(i, j), b:get(i, j) end end
  local X, Y = matrix(x), matrix(y)
  X, Y = X - X:mean(), Y - Y:mean()
  return X:dot(Y) / (X:norm() * Y:norm())
end

--- J K J, symmetric: similarities from the centre.
local function centred(K)
  local B = K - K:mean(1) - K:mean(2) + K:mean()
  return (B + B.T) / 2
end

--- Classical multidimensional scaling (Torgerson 1952): theory.semantic.mds { K= | distances=, dims=2 }.
---@return table  eigenvalues (dims x 1, falling) and coordinates (items x dims), centred, signs fixed
function M.mds(given)
  local call = "theory.semantic.mds"
  local o = options.read(given, call, { K = "matrix", distances = "matrix", dims = "count" })
  if (o.K == nil) == (o.distances == nil) then options.fail(call, "give K = similarities, or distances") end
  local A = o.K or -0.5 * o.distances:pow(2)
  if A.rows ~= A.cols then options.fail(call, "the matrix must be square, got " .. options.describe(A)) end
  local n, dims = A.rows, o.dims or 2
  if dims > n then options.fail(call, ("dims = %d: %d items span no more than that"):format(dims, n)) end
  local w, Q = centred(A):eigh()
  local answer = { eigenvalues = matrix.zeros(dims, 1), coordinates = matrix.zeros(n, dims) }
  for k = 1, dims do
    answer.eigenvalues[k] = w[n + 1 - k]
    answer.coordinates:col(k):assign(Q:col(n + 1 - k) * math.max(0, w[n + 1 - k]) ^ 0.5)
  end
  return answer
end

--- The items in the first layer of the weights of each moment, items x hidden, from their centre.
local function hidden_items(weights, count, call)
  local at = {}
  for k, layers in ipairs(weights) do
    local W = type(layers) == "table" and layers[1]
    if type(W) ~= "userdata" or W.cols ~= count then
      options.fail(call, ("weights[%d] must be the layers of a network of %d inputs, as run.weights"):format(k, count))
    end
    at[k] = W.T - W.T:mean(1)
  end
  if #at == 0 then options.fail(call, "weights is empty") end
  return at
end

--- The items' paths through development on the axes of its end: theory.semantic.trajectories { task= | Y=, a0=, t=,
--- dims=2 }, or with weights = those of a network at each moment (run.weights) in place of a0 and t.
---@return table  a T x items matrix for each axis, in order; eigenvalues (dims x 1); items
function M.trajectories(given)
  local call = "theory.semantic.trajectories"
  local o = read(given, call, { a0 = "positive", t = "any", dims = "count", weights = "table" })
  local p, dims = problem(o, call), o.dims or 2
  if (o.weights == nil) == (o.a0 == nil) then options.fail(call, "give a0 and t, or weights = those of each moment") end
  local H, path, count -- items x modes (or hidden units) at the end; an axis' path from its vector; the moments
  if o.weights then
    local at = hidden_items(o.weights, p.Y.cols, call)
    H, count = at[#at], #at
    function path(G)
      local Z = matrix.zeros(count, H.rows)
      for k = 1, count do Z:row(k):assign((at[k] * G).T) end
      return Z
    end
  else
    if o.t == nil then options.fail(call, "t is missing") end
    local m = core.semantic.modes { Y = p.Y }
    local a = strengths(p, m.sigma, o.a0, several(o.t) and o.t or { o.t })
    local JV = m.v - m.v:mean(1)
    H, count = JV * matrix.diag(m.sigma:sqrt()), a.rows
    function path(G) return a:sqrt() * (JV * matrix.diag(G)).T end
  end
  local w, E = (H * H.T):eigh()
  local n, answer = w.count, { eigenvalues = matrix.zeros(dims, 1), items = names_of(p, "items") }
  for k = 1, dims do
    local value = k <= n and w[n + 1 - k] or 0
    answer.eigenvalues[k] = value
    answer[k] = value > 1e-12 * w[n] and path(H:tmul(E:col(n + 1 - k)) / value ^ 0.5) or matrix.zeros(count, n)
  end
  return answer
end

--- The similarity of the inputs in layer l of a balanced network, whatever its weights: (W'W)^(layer/depth),
--- theory.semantic.balanced_similarity { W=, depth=2, layer=1 }.
---@return matrix
function M.balanced_similarity(given)
  local call = "theory.semantic.balanced_similarity"
  local o = options.read(given, call, { W = "matrix!", depth = "count", layer = "count" })
  local depth, layer = o.depth or 2, o.layer or 1
  if layer > depth then options.fail(call, ("layer = %d: the network has %d"):format(layer, depth)) end
  local _, s, V = o.W:svd()
  return V * matrix.diag(s:pow(2 * layer / depth)) * V.T
end

return M
