-- Networks that could learn each case by itself learn what the cases share, if they start small. Four input domains
-- and four outputs, always the same map; each input is trained with two of the outputs. A shared path has an encoder
-- for each input and a decoder for each output; dedicated paths have layers of their own for each trained pair. The
-- shared path serves more examples, grows faster, and takes all: pairs that were never trained are then right as well.
-- Lines: theory, from aligned starts; dots: networks from random ones. Saxe, Sodhani & Lewallen (2022).

local M, K, hidden, s = 4, 2, 5, { 2, 1.2, 0.7 }
local S, I, share = matrix.diag(s), matrix.eye(#s), 1 / (M * K)
local function name(kind, ...) return kind .. table.concat({ ... }, " to ") end

--- All layers of Gaussian entries; trained pairs i to i and i to i + 1.
local function routing(scale, seed)
  local layers, paths, m = {}, {}, { Syx = {}, Sxx = {}, tr_yy = S:norm() ^ 2 }
  local function path(from, to)
    layers[from], layers[to] = { hidden, #s }, { #s, hidden }
    paths[#paths + 1] = { from, to }
    m.Syx[#paths], m.Sxx[#paths] = S * share, { [#paths] = I * share }
  end
  for i = 1, M do
    for k = 0, K - 1 do
      local j = (i + k - 1) % M + 1
      path(name("encode ", i), name("decode ", j))
      path(name("encode ", i, j), name("decode ", i, j))
      m.Sxx[#paths][#paths - 1], m.Sxx[#paths - 1][#paths] = I * share, I * share -- on together
    end
  end
  return network.gated { layers = layers, paths = paths, moments = m, scale = scale, seed = seed }
end

--- Mean squared error on the pairs that were never trained, relative to |S|^2.
local function untrained_error(net)
  local sum, pairs_left = 0, M * (M - K)
  for i = 1, M do
    for k = K, M - 1 do
      local j = (i + k - 1) % M + 1
      sum = sum + (net.layers[name("decode ", j)] * net.layers[name("encode ", i)] - S):norm() ^ 2
    end
  end
  return sum / pairs_left / S:norm() ^ 2
end

--- All layers alike: `start` on each mode.
local function aligned(start)
  local net = routing(1, 1)
  for _, W in pairs(net.layers) do
    W:fill(0)
    for k = 1, #s do W:set(k, k, start) end
  end
  return net
end

local starts, random_starts = { 0.3, 0.1, 0.03, 0.01 }, { 0.1, 0.03, 0.01 }
local function theory_at(start)
  local sum = 0
  for _, strength in ipairs(s) do
    local race = theory.pathways.race { layers = 2, per_context = K, s = strength, b0 = start, c0 = start }
    sum = sum + ((1 - race.share) * strength) ^ 2
  end
  return sum / S:norm() ^ 2
end
local training = { rate = 0.3, steps = 1000, every = 1000 }

print "error on pairs that were never trained\naligned start   theory     trained"
local trained, lowest, middle, highest = {}, {}, {}, {}
for k, start in ipairs(starts) do
  local net = aligned(start)
  net:train(training)
  trained[k] = untrained_error(net)
  print(("  %.3f         %.6f   %.6f"):format(start, theory_at(start), trained[k]))
end
print "random start    lowest     median     highest of 3"
for k, scale in ipairs(random_starts) do
  local errors = matrix.zeros(3)
  for seed = 1, 3 do
    local net = routing(scale, seed)
    net:train(training)
    errors[seed] = untrained_error(net)
  end
  lowest[k], middle[k], highest[k] = errors:min(), errors:median(), errors:max()
  print(("  %.3f         %.6f   %.6f   %.6f"):format(scale, lowest[k], middle[k], highest[k]))
end

local x = matrix.logspace(-2, -0.5, 50)
plot.new { title = "The smaller the start, the more is shared", x = "log", y = "log", legend = "right",
           xlabel = "start", ylabel = "error on pairs never trained", size = { 8, 4.5 } }
  :lines(x, matrix.map(theory_at, x), { label = "aligned layers, theory", color = 1 })
  :points(starts, trained, { label = "aligned layers, trained", color = 1 })
  :band(random_starts, lowest, highest, { color = 2 })
  :points(random_starts, middle, { label = "random layers, trained", color = 2 })
  :save "race.svg"
print "the picture is in race.svg"
