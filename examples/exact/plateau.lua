-- A plateau of the loss is a saddle: flat on the way in, and downhill in one direction that the weights hardly have
-- yet.
-- From a small start a two-layer network rests where it knows the first k modes and nothing of the others. There the
-- lowest eigenvalue of the loss's second derivatives is minus the strength of the next mode, and it stays for about
-- ln(s/a0)/(2s), until that mode has grown (Saxe, McClelland & Ganguli 2014). Lines are exact theory, points
-- training.

local s, start = { 4, 2, 1 }, 1e-6
local task = data.spectrum { s = s, inputs = 3, outputs = 3, seed = 1 }
local net = network.new { task = task, hidden = 3, init = "aligned", strength = start, seed = 1 }
local times = matrix.linspace(0, 12, 241)
local record = { "loss", "hessian" }
local pred = theory.predict { net = net, task = task, times = times, record = record }
local run = net:train { task = task, rate = 0.002, times = times, record = record }

local loss = plot.new { title = "The loss rests on plateaus ...", xlabel = "time", ylabel = "loss", legend = false }
local lowest = plot.new { title = "... which are saddles", xlabel = "time", ylabel = "lowest eigenvalue of the Hessian",
                          legend = false }
print(pred.solution .. ": " .. pred.source)
print "\nmodes known   loss of the plateau   reached   lowest eigenvalue   there   until about   in training"
local after = theory.mode.time { s = s, a0 = start, fraction = 0.5 }
local known = 0
for k = 0, #s do
  local left = 0
  for i = k + 1, #s do left = left + s[i] ^ 2 / 2 end
  local at = k < #s and (known + after[k + 1]) / 2 or 12 -- in the middle of the plateau
  print(("%11d   %19.4g   %7.4f   %17g   %5.2f   %11.2f   %11s"):format(k, left, pred:at(at).loss,
    k < #s and -s[k + 1] or 0, pred:at(at).hessian[1], after[k + 1] or math.huge,
    k < #s and ("%.2f"):format(times[run.loss:gt(left - s[k + 1] ^ 2 * 3 / 8):sum()]) or "-"))
  loss:hline(left)
  lowest:hline(k < #s and -s[k + 1] or 0)
  known = after[k + 1]
end
loss:lines(times, pred.loss):points(times, run.loss, { every = 4, color = 1 })
lowest:lines(times, pred.hessian:col(1)):points(times, run.hessian:col(1), { every = 4, color = 1 })
plot.grid { { loss, lowest } }:save "exact_plateau.svg"
print "\nthe picture is in exact_plateau.svg"
