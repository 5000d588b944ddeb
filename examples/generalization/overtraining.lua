-- Training for too long is worst when there are as many examples as parameters, and stopping early is nearly as good as
-- the best ridge (Advani & Saxe 2017). Test error over time at several numbers of examples for each input (alpha):
-- theory for large networks, and means of 50 trained ones with their standard errors.

local inputs, snr, seeds = 100, 5, 50
local alphas, times = { 0.25, 0.5, 1, 2, 4 }, { 0.3, 1, 3, 10, 30, 100 }

local curves = matrix.logspace(-1, 2, 150)
local theory_of = theory.generalization.shallow { alpha = alphas, snr = snr, t = curves }
local panel = plot.new { title = "Overtraining", xlabel = "time", ylabel = "test error", x = "log", y = "log" }
print "examples/inputs   best   at time   with the best ridge   at the end   largest distance in standard errors"
for k, alpha in ipairs(alphas) do
  local ensemble = network.ensemble { count = seeds, sizes = { inputs, 1 }, init = "zeros", seed = 1 }
  local runs = ensemble:train { rate = 0.02, times = times, record = "test_error", task = function(i)
    return data.teacher { inputs = inputs, alpha = alpha, snr = snr, test = "exact", seed = i }
  end }
  local mean, spread = runs.mean.test_error, runs.stderr.test_error
  local at = theory.generalization.shallow { alpha = alpha, snr = snr, t = times }.test_error
  local distance = (mean - matrix(at)):over(spread):abs():max()
  print(("%15.2f %6.3f %9.2f %21.3f %12.3f %18.1f"):format(alpha, theory_of.best[k], theory_of.t_opt[k],
    theory_of.best_ridge_error[k], theory_of.final[k], distance))
  panel:lines(curves, theory_of.test_error:col(k), { label = ("alpha = %g"):format(alpha), color = k })
    :errorbars(runs.t, mean, spread, { color = k })
end
panel:save "overtraining.svg"
print "\npicture: overtraining.svg"
