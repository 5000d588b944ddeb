-- A deep network believes for a while what is never so: that pines have leaves. What most plants have is learned
-- together with the plants, before pines are told from oaks. A network of one layer never believes it. If stages were
-- far apart belief would go up and down by stairs (dashed). Saxe, McClelland & Ganguli (2019).

local task, semantic, a0, t = data.semantic(), theory.semantic, 1e-3, matrix.linspace(0, 50, 251)
local cells = { { "pine", "has leaves" }, { "oak", "has leaves" }, { "pine", "can grow" } }
local run = network.new { task = task, hidden = 8, init = "aligned", strength = a0, seed = 1 }
  :train { task = task, rate = 0.02, times = t, record = "weights" }

local picture = plot.new { title = "Do pines have leaves?", xlabel = "time", ylabel = "what the network says",
                           size = { 8.5, 4 } }
for c, cell in ipairs(cells) do
  local item, property = cell[1], cell[2]
  local found = semantic.illusion { task = task, a0 = a0, item = item, property = property, t = t }
  local trained = matrix.map(function(k)
    return (run.weights[k][2] * run.weights[k][1]):get(task:feature(property), task:item(item))
  end, matrix.range(1, #t))
  picture:lines(t, found.belief, { label = item .. " " .. property, color = c })
    :points(t, trained, { color = c, every = 6 })
  print(("%-15s truth %d, beyond it by %6.3f, trained %6.3f%s"):format(item .. " " .. property, found.target,
    found.excursion, trained:max() - found.target, found.time and (", at time %.2f"):format(found.time) or ""))
end

local pine = semantic.illusion { task = task, a0 = a0, item = "pine", property = "has leaves", t = t }
local half, stairs = semantic.times { task = task, a0 = a0 }.half, {}
for k = 1, #t do
  local stage = 1
  for m = 1, #half do if t[k] > half[m] then stage = m + 1 end end
  stairs[k] = pine.staircase[stage]
end
picture:lines(t, stairs, { label = "stairs of the first", style = "dashed", color = 1 })
  :lines(t, pine.shallow, { label = "one layer, pine has leaves", color = "gray" })
  :save "illusion.svg"

for _, found in ipairs(semantic.illusions { task = data.wordnet(), a0 = a0, least = 0.6 }) do
  print(("WordNet: %s, %s: %.3f"):format(found.item, found.property, found.excursion))
end
print "the picture is in illusion.svg"
