-- Deep networks trade speed for accuracy, shallow ones can't: time to train (to 1% of the training error) against the
-- test error in the end, as the size of the initial map runs from 1 down to 0.001. A large start trains fast and keeps
-- an error in the directions that have no data; a small one waits on the plateau. With one layer the time does not
-- depend on the start; with two, accuracy costs logarithmically little time; with more, a power of it (after Advani &
-- Saxe 2017). Balanced linear networks, half as many examples as inputs: theory, and means of 40 trained networks.

local inputs, networks = 100, 40
local strengths = matrix.logspace(-3, 0, 25)
local curves = theory.generalization.speed_accuracy {
  inputs = inputs, examples = inputs // 2, snr = 4, depth = { 1, 2, 3, 4 }, strength = strengths }
local picture = plot.new { title = "Speed against accuracy", xlabel = "time to train", ylabel = "test error in the end",
                           xlim = { 0, 12 }, legend = "top right" }

--- The time at which a network's training error first is 1% of what it was.
local function time_to_train(run)
  for k = 1, #run.t do
    if run.loss[k] <= 0.01 * run.loss[1] then return run.t[k] end
  end
end

local function trained(depth, strength)
  local ens = network.ensemble { count = networks, inputs = inputs, hidden = depth > 1 and 1 or nil, outputs = 1,
                                 depth = depth, init = "balanced", strength = strength, seed = 1 }
  local run = ens:train { rate = 0.05, times = matrix.linspace(0, 20, 201), record = { "loss", "test_error" },
    task = function(i)
      return data.teacher { inputs = inputs, examples = inputs // 2, snr = 4, test = "exact", seed = i }
    end }
  local times = matrix.zeros(networks)
  for i = 1, networks do times[i] = time_to_train(run[i]) end
  return times:mean(), run.mean.test_error[201], run.stderr.test_error[201]
end

print "                    theory            trained\nlayers  |w(0)|   time   error      time   error  (standard error)"
for depth = 1, 4 do
  local label = depth == 1 and "1 layer" or depth .. " layers"
  picture:lines(curves.time:col(depth), curves.final:col(depth), { label = label, color = depth })
  local time, mean, spread = {}, {}, {}
  for k, row in ipairs { 25, 17, 9 } do -- |w(0)| = 1, 0.1, 0.01
    time[k], mean[k], spread[k] = trained(depth, strengths[row])
    print(("%6d  %6.2g  %5.2f  %6.4f     %5.2f  %6.4f  (%.4f)"):format(depth, strengths[row],
      curves.time:get(row, depth), curves.final:get(row, depth), time[k], mean[k], spread[k]))
  end
  picture:errorbars(time, mean, spread, { color = depth })
end
picture:save "speed_accuracy.svg"
print "the picture is in speed_accuracy.svg"
