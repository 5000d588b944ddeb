-- Stages of learning on Fashion-MNIST, against exact theory.
-- Inputs are whitened, so that the modes of a two-layer linear network decouple (Saxe, McClelland & Ganguli 2014):
-- from small aligned weights every mode follows its own logistic curve; from small random weights (predicted by
-- integrating the gradient flow) the same modes come up, in the same order. The images show what each mode sees: every
-- pixel's covariance with the mode's score.
--
--     linnet examples/real/fashion.lua          1000 images of 14x14, bundled
--     linnet examples/real/fashion.lua full     all 60 000 of 28x28, from the Debian package dataset-fashion-mnist

local raw  = data.fashion { full = arg[1] == "full" }:center()
local task = raw:whiten()
local _, s, V = task:svd()
local t = matrix.linspace(0, 40, 201)
print(task)

local function experiment(options)
  options.task, options.hidden, options.seed = task, 32, 1
  local net = network.new(options)
  local pred = theory.predict { net = net, task = task, times = t }
  local run = net:train { task = task, rate = 0.02, times = t }
  print(("\nfrom %s weights: %s"):format(options.init, tostring(pred)))
  print(theory.compare(run, pred))
  return pred, run
end
local aligned, aligned_run = experiment { init = "aligned", strength = 1e-3 }
local random_start, random_run = experiment { init = "gaussian", scale = 1e-3 }

local function panel(title, pred, run)
  return plot.new { title = title, xlabel = "time", ylabel = "mode strength" }
    :lines(pred.t, pred.modes):points(run.t, run.modes, { every = 10 })
end

local side = math.tointeger(math.sqrt(raw.inputs))
local function image_of(k)
  local scores = task.X:tmul(V:col(k))
  return (raw.X * scores / raw.examples):reshape(side, side).T
end
local function pictures(first)
  local row = {}
  for k = first, first + 3 do
    row[#row + 1] = plot.new { title = ("mode %d, s = %.2f"):format(k, s[k]) }:image(image_of(k), { colorbar = false })
  end
  return row
end

plot.grid {
  { panel("small aligned weights", aligned, aligned_run), panel("small random weights", random_start, random_run) },
}:save "fashion_modes.svg"
plot.new { title = "Training loss", xlabel = "time", ylabel = "loss" }
  :lines(t, aligned.loss, { label = "aligned, theory", color = 1 })
  :points(t, aligned_run.loss, { label = "aligned, training", color = 1, every = 10 })
  :lines(t, random_start.loss, { label = "random, theory", color = 2 })
  :points(t, random_run.loss, { label = "random, training", color = 2, every = 10 })
  :save "fashion_loss.svg"
plot.grid { pictures(1), pictures(5) }:save "fashion_images.png"
print "\nthe pictures are in fashion_modes.svg, fashion_loss.svg and fashion_images.png"
