-- How much slower is a deep network? That depends on what is held fixed at the start.
-- Steps until 95% of a mode is learned, at a tenth of the inverse of the largest curvature on the way, D s^(2-2/D).
-- From the same end-to-end map depth costs a finite delay, with a limit for infinitely many layers. From the same
-- strength of each layer the map starts exponentially small, and the delay grows without bound (Saxe, McClelland &
-- Ganguli 2014).

local task = data.spectrum { s = { 1 }, inputs = 1, outputs = 1, seed = 1 }
local picture = plot.new { title = "Learning time and depth", xlabel = "layers", ylabel = "steps to 95%",
                           x = "log", y = "log", legend = "bottom right" }

local function trained_steps(depth, strength, rate)
  local net = network.new { task = task, hidden = depth > 1 and 2 or nil, depth = depth,
                            init = "aligned", strength = strength, seed = 1 }
  local run = net:train { task = task, rate = rate, steps = 10000, stop_at = { loss = 0.05 ^ 2 / 2 } } -- (s - a)^2 / 2
  return run.steps[#run.steps]
end

local function experiment(title, color, depths, start)
  start.depths = depths
  local theory_says = theory.mode.scaling(start)
  print(("\n%s\nlayers      theory   trained"):format(title))
  local layers, steps = {}, {}
  for i, depth in ipairs(depths) do
    local trained = "-"
    if depth <= 100 and theory_says.steps[i] < 1e4 then
      trained = trained_steps(depth, theory_says.a0[i], theory_says.rate[i])
      layers[#layers + 1], steps[#steps + 1] = depth, trained
    end
    print(("%6s  %10.5g   %7s"):format(depth, theory_says.steps[i], trained))
  end
  picture:lines(theory_says.depth, theory_says.steps, { label = title .. ", theory", color = color })
    :points(layers, steps, { label = title .. ", trained", color = color })
end
experiment("same map", 1, { 1, 2, 3, 4, 6, 10, 30, 100, 1000 }, { a0 = 0.01 })
experiment("same layers", 2, { 1, 2, 3, 4, 6, 10, 30 }, { layer = 0.8 })

local limit = theory.mode.scaling { depths = { math.huge }, a0 = 0.01 }.steps[1]
print(("\nsame map, infinitely many layers: %.1f steps"):format(limit))
picture:hline(limit, { label = "same map, infinite depth" }):save "exact_depth.svg"
print "the picture is in exact_depth.svg"
