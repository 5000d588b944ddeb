-- Two networks that start small end with the same representation, whatever their weights; two that start large keep
-- what they started with. From small weights the layers are balanced, and the similarity of items in the hidden layer
-- is fixed by the map alone, (W'W)^(1/2), while single weights are unrelated. Pairs of networks that have all learned
-- the same map: correlation of the distances of items (RSA). Saxe, McClelland & Ganguli (2019).

local task, semantic, hidden = data.semantic(), theory.semantic, 32
local scales = { 0.001, 0.01, 0.1, 0.3, 0.6, 1, 2, 3 }
local names = { "hidden 1 - hidden 2", "hidden - theory", "hidden - output", "weights 1 - weights 2" }
local table_of, predicted = matrix.zeros(#scales, 4), semantic.balanced_similarity { W = task.Y, depth = 2, layer = 1 }

local function correlation(A, B)
  local a, b = A - A:mean(), B - B:mean()
  return a:times(b):sum() / (a:norm() * b:norm())
end
print("start   loss left   " .. table.concat(names, "   "))
for k, gain in ipairs(scales) do
  local W, K, loss = {}, {}, 0
  for seed = 1, 2 do
    local net = network.new { task = task, hidden = hidden, init = "gaussian", gain = gain, seed = seed }
    net:train { task = task, rate = 0.2 / math.max(1, gain ^ 2), steps = 20000, stop_at = { loss = 1e-8 } }
    W[seed], loss = net.weights[1]:copy(), math.max(loss, net:loss(task))
    K[seed] = W[seed]:tmul(W[seed])
  end
  local row = table_of:row(k)
  row[1], row[2] = semantic.rsa { K = K[1], other = K[2] }, semantic.rsa { K = K[1], other = predicted }
  row[3], row[4] = semantic.rsa { K = K[1], other = task.Y:tmul(task.Y) }, correlation(W[1], W[2])
  print(("%5g     %.1e   %15.4f   %15.4f   %15.4f   %15.4f"):format(gain, loss, row[1], row[2], row[3], row[4]))
end
plot.new { title = "Small starts end alike, large ones stay what they were", x = "log", xlabel = "gain of the start",
           ylabel = "correlation", size = { 8, 4.5 }, legend = "right" }
  :lines(scales, table_of, { label = names }):points(scales, table_of)
  :save "invariance.svg"
print "the picture is in invariance.svg"
