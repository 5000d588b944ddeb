-- A network that learns items on a ring comes to represent them on a circle, one on a chain on a horseshoe. 12 items,
-- 1000 features that vary smoothly around a ring: their modes are waves, learned in pairs from the longest on, and
-- when only the first pair is known the two axes of classical scaling show a circle. Along a chain waves have no
-- partners: the ends part first, and the second wave bends the line (Saxe, McClelland & Ganguli 2019).

local months = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" }
local a0, panels = 1e-3, {}

--- Where the items of a structure are at the time half way between two of its stages.
local function represent(task, first, second)
  local population = task.population
  local half = theory.semantic.times { sigma = population.singular_values, lambda = 1 / #months, a0 = a0 }.half
  local t = (half[first] + half[second]) / 2
  local net = network.new { task = task, hidden = #months, init = "aligned", strength = a0, seed = 1 }
  net:flow { task = task, times = { 0, t }, record = { "loss" } }
  local hidden = net:hidden(task.X)
  local K, says = hidden:tmul(hidden), theory.semantic.development { task = task, a0 = a0, t = t }.hidden
  print(("%s: stages at t = %.2f (the mean), %.2f, %.2f; at t = %.2f similarities are those of theory to %.0e"):format(
    task.name, half[1], half[first], half[second], t, (K - says):norm() / says:norm()))
  local at = theory.semantic.mds { K = K }.coordinates
  return at:col(1), at:col(2)
end

local ring = data.ring { items = months, sigma = 3, features = 1000, seed = 1 }
local x, y = represent(ring, 2, 4) -- the first pair of waves, and the second
local angle, turn = matrix.map(math.atan, y, x), {}
for i = 1, #months do turn[i] = math.deg((angle[i % #months + 1] - angle[i]) % (2 * math.pi)) end
local turns, radius = matrix(turn), (x:pow(2) + y:pow(2)):sqrt()
print(("neighbours are %.0f to %.0f degrees apart, %.1f to %.1f from the centre"):format(
  math.min(turns:min(), 360 - turns:max()), math.min(turns:max(), 360 - turns:min()), radius:min(), radius:max()))
panels[1] = plot.new { title = "A ring", xlabel = "first axis", ylabel = "second axis", size = { 4.5, 4 } }
  :lines(matrix.vcat(x, x:rowrange(1, 1)), matrix.vcat(y, y:rowrange(1, 1)), { color = 2 }):text(x, y, months)

x, y = represent(data.order { items = months, sigma = 3, features = 1000, seed = 1 }, 3, 4) -- two waves are known
panels[2] = plot.new { title = "A chain", xlabel = "first axis", ylabel = "second axis", size = { 4.5, 4 } }
  :lines(x, y, { color = 2 }):text(x, y, months)
plot.grid({ panels }):save "ring.svg"
print "the picture is in ring.svg"
