-- Deep networks complete a matrix one direction after the other, and so find the one of lowest rank.
-- Arora, Cohen, Hu & Luo (2019): from a small balanced start, ds/dt = -D s^(2-2/D) u'G v for a singular value s of the
-- product of D layers. The factor holds back what is still small, the more so the deeper the network. One layer learns
-- the entries that it sees and nothing else; from three layers on the unseen entries are right too.

local task = data.completion { inputs = 30, outputs = 30, s = { 4, 2, 1 }, observed = 0.4, seed = 1 }
print(task)

local greedy = plot.new { title = "The others wait for the first", xlabel = "first singular value",
                          ylabel = "second singular value", y = "log", ylim = { 1e-4, 5 }, legend = "bottom right" }
local unseen = plot.new { title = "Entries that were not observed", xlabel = "time", ylabel = "mean squared error",
                          x = "log", y = "log" }
local times = matrix.logspace(1, 5.5, 400)

print "\ndepth   s2 and s3 when s1 is 1   s4 at the end   mean squared error, unseen   solution"
for depth = 1, 4 do
  local layers = {}
  for l = 1, depth do layers[l] = 1e-3 ^ (1 / depth) * matrix.eye(30) end -- balanced, and their product is small
  local pred = theory.predict { net = network.from(layers), task = task, times = times,
                                record = { "singular_values", "test_error" } }
  local s, k = pred.singular_values, 1
  while s:get(k, 1) < 1 do k = k + 1 end
  print(("%5d   %11.2g %10.2g   %13.2g   %26.2g   %s"):format(depth, s:get(k, 2), s:get(k, 3), s:get(times.rows, 4),
    pred.test_error[times.rows], pred.solution))
  local label = depth == 1 and "1 layer" or depth .. " layers"
  greedy:lines(s:col(1), s:col(2), { label = label })
  unseen:lines(times, pred.test_error, { label = label })
end

plot.grid { { greedy, unseen } }:save "completion.svg"
print "\nthe picture is in completion.svg"
