-- What is learned next makes one forget most where it is alike, but not alike enough. A network has learned one thing,
-- A, from small random weights, and then learns another, B, whose properties make an angle with those of A, without
-- ever seeing A again. B is learned by the hidden direction that A has, and turns its readout: the further, the more
-- of A is lost; only at a right angle a direction of its own is recruited and nothing is. Lines: theory; dots: trained
-- networks. Derived here, after Saxe, McClelland & Ganguli (2019).

local semantic, degree = theory.semantic, math.pi / 180

--- The error on A after A and then B have been learned.
local function learn_both(angle)
  local task_a = data.task { Sxx = matrix.diag { 1, 0 }, Syx = matrix { { 1, 0 }, { 0, 0 } }, tr_yy = 1 }
  local B = matrix { { 0, math.cos(angle) }, { 0, math.sin(angle) } }
  local task_b = data.task { Sxx = matrix.diag { 0, 1 }, Syx = B, tr_yy = 1 }
  local net = network.new { sizes = { 2, 6, 2 }, init = "gaussian", scale = 1e-4, seed = 1 }
  for _, task in ipairs { task_a, task_b } do net:train { task = task, rate = 0.01, steps = 8000, record = "loss" } end
  return net:loss(task_a)
end

local angles, trained = { 0, 15, 30, 45, 60, 75, 85 }, {}
print "angle   error on A: theory   trained"
for k, angle in ipairs(angles) do
  trained[k] = learn_both(angle * degree)
  local expected = semantic.forgetting { s_a = 1, s_b = 1, angle = angle * degree }.error
  print(("%5d              %.4f   %.4f"):format(angle, expected, trained[k]))
end
local right = learn_both(math.pi / 2)
print(("   90                   0   %.4f"):format(right))

local x = matrix.linspace(0, 89.9, 200)
local curve = matrix.map(function(a) return semantic.forgetting { s_a = 1, s_b = 1, angle = a * degree }.error end, x)
plot.new { title = "Forgetting A by learning B", xlabel = "angle of their properties, degrees", ylabel = "error on A",
           legend = "top left" }
  :lines(x, curve, { label = "theory" }):points(angles, trained, { label = "trained", color = 1 })
  :points({ 90 }, { right }, { label = "trained, at a right angle", color = 2 })
  :save "forgetting.svg"

local again = semantic.reversal { s = 1, w1 = 1e-3, w2 = 0 }
local known = semantic.transfer { s = 1, a0 = 1e-3 }
print(("\na distinction is half learned at %.2f, and half reversed %.2f after its sign has changed"):format(again.first,
  again.reversed))
print(("a new item of a known kind is half learned at %.2f, of an unknown kind at %.2f"):format(known.transferred,
  known.fresh))
print "the picture is in forgetting.svg"
