-- Unsupervised pretraining makes fine tuning fast where the task uses what the pretraining kept. Five layers learn
-- four outputs from 16 inputs with variances 1/sqrt(k). Each layer below the last, 8 units wide, is first trained
-- without labels, as the encoder of a linear autoencoder: it becomes orthogonal on the largest directions of the
-- inputs, and cuts off the others. A task in directions 1-4 is then learned more than ten times as fast as from
-- random weights, as one mode after the other tells; one in directions 10-13 gains nothing, unless the layers are
-- wide enough to keep all (Saxe, McClelland & Ganguli 2014).

local depth, rate = 5, 0.1
local V = random.stream(1):orthogonal(16)
local Sxx = V * matrix.diag(matrix.range(1, 16):pow(-0.5)) * V.T

--- Outputs that are components first .. first + 3 of the inputs, rotated.
local function task_on(first)
  local W = random.stream(2):orthogonal(4) * V:colrange(first, first + 3).T
  return data.task { Sxx = Sxx, Syx = W * Sxx, tr_yy = (W * Sxx):mult(W):trace() }
end

--- Trains down to 5% of the loss at the start.
local function train(net, task)
  return net:train { task = task, rate = rate, steps = 5000, every = 1, stop_at = { loss = 0.05 * net:loss(task) } }
end

print "task in directions   units   steps pretrained   theory   steps from random weights"
local panels, t = {}, rate * matrix.range(0, 1000)
for _, width in ipairs { 8, 16 } do
  local picture = plot.new { title = ("Layers of %d units"):format(width), xlabel = "steps", ylabel = "loss",
                             x = "log", xlim = { 1, 1000 }, ylim = { 0, 1.5 } }
  for i, first in ipairs { 1, 10 } do
    local task, name = task_on(first), ("inputs %d-%d, "):format(first, first + 3)
    local net = network.new { task = task, hidden = width, depth = depth, scale = 1e-3, seed = 1 }
    net:pretrain { task = task, rate = 0.2, steps = 4000, seed = 1 }
    local tuned = train(net, task)
    local plain = train(network.new { task = task, hidden = width, depth = depth, gain = 0.5, seed = 1 }, task)
    local loss = theory.depth.pretraining { task = task, depth = depth, hidden = width, times = t }.loss
    local says = loss:le(0.05 * loss[1]):any() and loss:le(0.05 * loss[1]):argmax() - 1 or "never"
    print(("       %2d-%2d         %4d   %12d   %9s   %14d"):format(first, first + 3, width, tuned.steps[#tuned.steps],
      says, plain.steps[#plain.steps]))
    local function label(what) return width == 16 and name .. what or nil end -- one legend for both panels
    picture:lines(t / rate, loss, { label = label "theory", color = i })
      :points(tuned.steps, tuned.loss, { label = label "pretrained", color = i, every = #tuned.steps > 99 and 40 or 1 })
      :lines(plain.steps, plain.loss, { label = label "random start", color = i, style = "dashed" })
  end
  panels[#panels + 1] = picture
end
plot.grid({ panels }):save "pretraining.svg"
print "the picture is in pretraining.svg"
