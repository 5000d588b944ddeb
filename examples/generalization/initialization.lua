-- Initial weights that never go away: what gradient descent does not touch is an implicit choice, made at the start.
-- With fewer examples than inputs some directions have no data; whatever weights a student starts with there stay, and
-- their power is error for ever. With more examples than inputs nothing is left of the start, however large it was.
-- Test errors after long training against alpha = examples/inputs, three initial powers, one layer (Advani & Saxe
-- 2017): means of 50 trained networks beside the theory. Deeper networks keep the start too, and let it grow.

local inputs, noise, networks = 100, 0.2, 50
local picture = plot.new { title = "Test error after training", xlabel = "examples / inputs", ylabel = "test error",
                           ylim = { 0, 3 }, legend = "top right" }

local function trained(examples, power, seed)
  local ens = network.ensemble { count = networks, inputs = inputs, outputs = 1, depth = 1,
                                 scale = (power / inputs) ^ 0.5, seed = seed }
  local run = ens:train { rate = 0.2, times = { 500 }, record = "test_error", task = function(i)
    return data.teacher { inputs = inputs, examples = examples, noise = noise, test = "exact", seed = seed + i }
  end }
  return run.mean.test_error[1], run.stderr.test_error[1]
end

print "initial power   examples   theory   trained   standard error"
local alpha = matrix.linspace(0.05, 3, 60)
for color, power in ipairs { 0.01, 0.2, 1 } do
  local curve = alpha:map(function(a)
    return theory.generalization.deep { alpha = a, noise = noise, strength = power ^ 0.5, depth = 1 }.final
  end)
  picture:lines(alpha, curve, { label = ("initial power %g, theory"):format(power), color = color })
  local x, mean, spread = {}, {}, {}
  for k, examples in ipairs { 25, 50, 75, 130, 200 } do
    local theory_says = theory.generalization.deep {
      alpha = examples / inputs, noise = noise, strength = power ^ 0.5, depth = 1, t = 500 }.test_error
    x[k], mean[k], spread[k] = examples / inputs, trained(examples, power, 1000 * k)
    print(("%13g   %8d   %6.4f   %7.4f   %14.4f"):format(power, examples, theory_says, mean[k], spread[k]))
  end
  picture:errorbars(x, mean, spread, { color = color })
end

print "\nlayers   test error in the end from |w(0)|^2 = 0.2, 50 examples"
for depth = 1, 4 do
  print(("%6d   %.4f"):format(depth, theory.generalization.deep {
    alpha = 0.5, noise = noise, strength = 0.2 ^ 0.5, depth = depth }.final))
end
picture:save "initialization.svg"
print "the picture is in initialization.svg"
