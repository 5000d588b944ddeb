-- A category that is not coherent enough does not exist. Items and properties at random, but one group of items has
-- some properties more often than the others: up to a threshold its direction is lost in the noise, and no network
-- will ever learn it as a distinction; beyond, the largest singular value leaves the noise's edge and its vector finds
-- the members. Lines: theory; dots: means of 6 random worlds. Saxe, McClelland & Ganguli (2019).

local worlds, world = 6, { items = 400, features = 800, category_items = 40, category_features = 60, q = 0.3 }

--- Largest singular value of a random world, and overlap of its vector with the members.
local function measure(p, seed)
  local r = random.stream(seed)
  local Y = r:uniform(world.features, world.items):lt(world.q)
  local members = r:uniform(world.category_features, world.category_items):lt(p)
  Y:block(1, members.rows, 1, members.cols):assign(members)
  Y = Y - world.q
  local v = r:normal(world.items, 1)
  for _ = 1, 60 do -- power iteration
    v = Y:tmul(Y * v)
    v = v / v:norm()
  end
  return (Y * v):norm(), math.abs(v:rowrange(1, world.category_items):sum()) / world.category_items ^ 0.5
end

local function theory_at(p)
  world.p = p
  return theory.semantic.coherence(world)
end
local ps = { 0.35, 0.4, 0.45, 0.5, 0.525, 0.55, 0.6, 0.65, 0.7, 0.8 }
local values, value_spread, overlaps, overlap_spread = {}, {}, {}, {}
print "   p   coherence   singular value: theory, measured   overlap: theory, measured"
for k, p in ipairs(ps) do
  local value, overlap = matrix.zeros(worlds), matrix.zeros(worlds)
  for seed = 1, worlds do value[seed], overlap[seed] = measure(p, seed) end
  values[k], value_spread[k], overlaps[k], overlap_spread[k] = value:mean(), value:std(), overlap:mean(), overlap:std()
  local expected = theory_at(p)
  print(("%.3f   %6.3f              %6.2f   %6.2f                %.3f   %.3f"):format(p, expected.coherence,
    expected.singular_value, values[k], expected.overlap_items, overlaps[k]))
end

local x = matrix.linspace(0.35, 0.8, 181)
local function curve(field) return matrix.map(function(p) return theory_at(p)[field] end, x) end
local threshold = 0.35
while theory_at(threshold).coherence < 1 do threshold = threshold + 1e-3 end
local function panel(title, ylabel, field, means, spread)
  return plot.new { title = title, xlabel = "probability of the category's properties", ylabel = ylabel }
    :lines(x, curve(field), { label = "theory" }):errorbars(ps, means, spread, { label = "random worlds", color = 1 })
    :vline(threshold, { label = "coherence 1" })
end
local noise = panel("A category leaves the noise ...", "largest singular value", "singular_value", values,
  value_spread)
local members = panel("... and has found its members", "overlap with the members", "overlap_items", overlaps,
  overlap_spread)
plot.grid { { noise, members }, size = { 12, 4.5 } }:save "coherence.svg"
print "the picture is in coherence.svg"
