-- Turns bytes into calls: each byte chooses a function, an argument's kind, a number, an option's name. Defines the
-- global `fuzz`, which the fuzz target calls.

local modules = { matrix = matrix, random = random, data = data, network = network, theory = theory, plot = plot }

--- All functions below a table, by path, in the order of their paths.
local function functions_of(root)
  local found, seen = {}, {}
  local function walk(value, path)
    if type(value) == "function" then found[#found + 1] = { path = path, call = value } end
    if type(value) ~= "table" or seen[value] then return end
    seen[value] = true
    for key, inner in pairs(value) do
      if type(key) == "string" then walk(inner, path .. "." .. key) end
    end
  end
  walk(root, "")
  table.sort(found, function(a, b) return a.path < b.path end)
  return found
end
local functions = functions_of(modules)

local options = {
  "task", "net", "times", "t", "rate", "steps", "s", "a0", "depth", "rho", "Sxx", "Syx", "X", "Y", "W", "weights",
  "hidden", "inputs", "outputs", "sizes", "examples", "seed", "init", "strength", "scale", "gain", "record", "every",
  "batch", "optimizer", "momentum", "weight_decay", "freeze", "activation", "bias", "alpha", "snr", "noise", "power",
  "ridge", "gamma", "x", "p", "count", "test", "items", "features", "rank", "tolerance", "solution", "force", "plan",
  "lambda", "fraction", "branching", "flip", "sigma", "mask", "stop_at", "width", "title", "label", "digits", "bins",
  "full", "activations"
}
local words = {
  "aligned", "gaussian", "tanh", "relu", "loss", "modes", "weights", "auto", "plain", "adam", "nesterov", "flow",
  "riccati", "shallow", "decoupled", "balanced", "exact", "stop", "error", "linear", "", "ntk", "hessian", "log",
  "x.svg", "fro"
}
local numbers = {
  0, 1, 2, 3, 5, 0.5, 1e-3, -1, 1e3, 1e9, 1e-300, 1e300, 1 / 0, -1 / 0, 0 / 0, math.maxinteger, math.mininteger, 2 ^ 31,
  2 ^ 53, 7, 10
}

-- Of matrices, streams, tasks, networks, runs and plots; what an object does not have is an error as any other.
local methods = {
  "T", "abs", "add_noise", "all", "any", "argmax", "argsort", "assign", "at", "axpy", "band", "bars", "block",
  "center", "chol", "clamp", "col", "colrange", "cond", "copy", "cumsum", "det", "diag", "dot", "eig", "eigh", "eq",
  "error", "errorbars", "expm", "feature", "fill", "flow", "forward", "gemm", "get", "gradient", "hidden",
  "histogram", "hline", "image", "integers", "inv", "item", "join", "lines", "logdet", "loss", "lstsq", "map", "max",
  "mean", "median", "mult", "norm", "normal", "null", "observe", "orth", "orthogonal", "over", "paths", "permutation",
  "pinv", "points", "pow", "product", "qr", "quantile", "rademacher", "rank", "reshape", "row", "rowrange", "save",
  "scal", "select", "set", "setdiag", "show", "shuffle_labels", "solve", "sort", "split", "sqrtm", "standardize",
  "std", "subset", "sum", "svd", "text", "tile", "times", "tmul", "totable", "trace", "train", "uniform", "var",
  "vline", "whiten"
}

function fuzz(bytes)
  local at, kept = 0, {}
  local function byte() at = at + 1 return bytes:byte(at) or 0 end
  local function choose(list) return list[byte() % #list + 1] end
  local task = data.task { X = matrix { { 1, 0, 1 }, { 0, 1, 1 } }, Y = matrix { { 1, 2, 3 } } }
  local objects = {
    function() return task end,
    function() return network.new { task = task, hidden = byte() % 4 + 1, seed = 1, depth = byte() % 3 + 1 } end,
    function() return random.stream(byte()) end,
    function() return data.semantic() end,
    function() return plot.new {} end,
    function() return kept[byte() % (#kept + 1)] end,
    function() return modules end,
    function() return print end,
  }
  local value
  local kinds = {
    function() return choose(numbers) end,
    function() return byte() / 16 end,
    function() return choose(words) end,
    function() return byte() % 2 == 0 end,
    function() return nil end,
    function() return function(...) return ... end end,
    function()
      local rows, cols, scale = byte() % 6, byte() % 6, choose(numbers)
      return random.stream(byte()):normal(rows, cols) * scale
    end,
    function() return choose(objects)() end,
    function(deep) local t = {} for _ = 1, byte() % 4 do t[#t + 1] = value(deep + 1) end return t end,
    function(deep) local t = {} for _ = 1, byte() % 6 do t[choose(options)] = value(deep + 1) end return t end,
    function(deep) local t = {} for _ = 1, byte() % 6 do t[choose(options)] = value(deep + 1) end return t end,
  }
  function value(deep)
    if deep > 3 then return choose(numbers) end
    return choose(kinds)(deep)
  end
  while at < #bytes and at < 200 do
    local result
    if byte() % 2 == 0 then
      local object, name = choose(objects)(), choose(methods)
      result = select(2, pcall(function(...) return object[name](object, ...) end, value(0), value(0), value(0)))
    else
      result = select(2, pcall(choose(functions).call, value(0), value(0)))
    end
    pcall(tostring, result)
    kept[#kept % 8 + 1] = result
  end
end
