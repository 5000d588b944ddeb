-- The edge of stability: descent can't stay at a minimum that is sharper than 2/rate.
-- Two layers have many minima with the same map, as sharp as sqrt(lambda^2 + 4 s^2) where the layers differ by
-- lambda; the flow keeps lambda, and with it the sharpness of its end. Descent at a finite rate ends at a flatter
-- one, always below 2/rate: where the flow would end above, it swings across the valley, and that takes the
-- difference of the layers away. The balanced minimum, 2 s, is the flattest of all: at a rate above 2/(2 s) there is
-- no rest (Cohen et al. 2021; Domine et al. 2024).

network.observables.sharpness = function(net, task) return theory.stability.curvature { net = net, task = task } end

local s, rate = 2, 2 / 6
local task = data.spectrum { inputs = 2, outputs = 2, s = { s, 1 }, seed = 1 }
local function train(lambda, steps)
  local net = network.new { task = task, hidden = 2, init = "lambda", lambda = lambda, strength = 0.5, seed = 1 }
  return net:train { task = task, rate = rate, steps = steps, every = 1, record = { "loss", "sharpness" } }
end

local path = plot.new { title = ("Sharpness along descent, 2/rate = %g"):format(2 / rate), xlabel = "steps",
                        ylabel = "largest eigenvalue of the Hessian", legend = "right" }
local ends = plot.new { title = "Where descent ends", xlabel = "sharpness of the flow's minimum",
                        ylabel = "sharpness of descent's minimum", legend = "top left" }
print "lambda   sharpness of the flow's minimum   of descent's   loss at the end"
local flow, descent = {}, {}
for i, lambda in ipairs { 0, 2, 4, 5, 6, 7, 8 } do
  local run = train(lambda, 400)
  flow[i], descent[i] = math.sqrt(lambda ^ 2 + 4 * s ^ 2), run.sharpness[#run.t]
  print(("%6g   %31.4f   %12.4f   %15.2e"):format(lambda, flow[i], descent[i], run.loss[#run.t]))
  if lambda % 2 == 0 then
    path:lines(run.steps:rowrange(1, 61), run.sharpness:rowrange(1, 61), { label = "lambda = " .. lambda, color = i })
  end
end
path:hline(2 / rate, { label = "2/rate" })
ends:lines(flow, flow, { label = "the flow" }):points(flow, descent, { label = "descent" })
  :hline(2 / rate, { label = "2/rate" })

print "\nrate x 2s/2   loss after 2000 steps from a small start"
for _, share in ipairs { 0.5, 0.9, 0.98, 1.02, 1.1 } do
  local net = network.new { task = task, hidden = 2, init = "balanced", strength = 0.01, seed = 1 }
  local run = net:train { task = task, rate = share * 2 / (2 * s), steps = 2000, diverge = "stop" }
  print(("%11g   %.2e"):format(share, run.loss[#run.t]))
end
plot.grid { { path, ends } }:save "edge.svg"
print "\nthe picture is in edge.svg"
