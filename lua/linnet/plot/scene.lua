--- What a panel shows: the ranges of its axes and the entries of its legend, from the items that its methods
--- added.
--
-- An item is one curve, set of points, band, set of bars, path, rule, image or text (its `kind`):
--   lines points path     x, y            errorbars band  x, y (nil for a band), low, high
--   bars                  x, y, width     rule            axis ("x" or "y"), at
--   image                 cells (rows of numbers), rows, cols, map, low, high, bar (the colour bar: true,
--                         false or its label)
--   text                  x, y, text, align
-- with color ("#rrggbb" or the number of a curve), style, and label: the text of its entry in the legend,
-- drawn in a neutral colour if the entry stands for several (shared).

local axis = require "linnet.plot.axis"
local text = require "linnet.plot.text"

local scene = {}

local PAD_CURVES, PAD_POINTS, PAD_Y = 0, 0.03, 0.05

--- Calls visit(x, y) for every corner of what the item covers; x or y is nil where only the other one counts.
local function each_place(item, visit)
  if item.kind == "rule" then
    if item.axis == "x" then visit(item.at, nil) else visit(nil, item.at) end
  elseif item.kind == "text" then
    visit(item.x, item.y)
  elseif item.kind == "image" then
    visit(0.5, 0.5)
    visit(item.cols + 0.5, item.rows + 0.5)
  else
    for i, x in ipairs(item.x) do
      if item.y then visit(x, item.y[i]) end
      if item.low then
        visit(x, item.low[i])
        visit(x, item.high[i])
      end
      if item.kind == "bars" then
        visit(x - item.width / 2, item.y[i])
        visit(x + item.width / 2, 0)
      end
    end
  end
end

--- The range of one axis ("x" or "y"), given the other's if that is known.
local function range_of(items, log, limits, pad, other, which)
  if limits then return limits[1], limits[2] end
  local low, high = math.huge, -math.huge
  for _, item in ipairs(items) do
    each_place(item, function(x, y)
      local value, across = x, y
      if which == "y" then value, across = y, x end
      if not value or not axis.shows(value, log) then return end
      if across and other and not (across >= other[1] and across <= other[2]) then return end
      low, high = math.min(low, value), math.max(high, value)
    end)
  end
  if low > high then return nil end
  return axis.range(low, high, log, pad)
end

local function padding(items)
  for _, item in ipairs(items) do
    if item.kind ~= "lines" and item.kind ~= "band" and item.kind ~= "rule" then return PAD_POINTS end
  end
  return PAD_CURVES
end

--- Where a path ends, and the side for its name: words begin at the point and go on in the path's direction, that of
--- the whole path, or of its last step where it ends about where it began.
local function find_end(item, xlog, ylog)
  local first, last, before
  local low, high = math.huge, -math.huge
  for i = #item.x, 1, -1 do
    local x = item.x[i]
    if axis.shows(x, xlog) and axis.shows(item.y[i], ylog) then
      if not last then last = i elseif not before and x ~= item.x[last] then before = i end
      first, low, high = i, math.min(low, x), math.max(high, x)
    end
  end
  if not last then return end
  if math.abs(item.x[last] - item.x[first]) > 0.2 * (high - low) then before = first end
  item.last, item.side = last, before and item.x[before] > item.x[last] and "right" or "left"
end

--- The scene of a plot, or nil and why there is none.
function scene.new(plot)
  local options, items = plot.options, plot.items
  if #items == 0 then return nil, "the plot is empty; add :lines, :points, :image or others first" end
  local xlog, ylog = options.x == "log", options.y == "log"
  local image
  for _, item in ipairs(items) do image = item.kind == "image" and item or image end
  local xlow, xhigh, ylow, yhigh
  if image then
    xlow, xhigh = range_of(items, false, options.xlim, 0, nil, "x")
    ylow, yhigh = range_of(items, false, options.ylim, 0, nil, "y")
  else
    xlow, xhigh = range_of(items, xlog, options.xlim, padding(items), nil, "x")
    if not xlow then xlow, xhigh = xlog and 1 or 0, xlog and 10 or 1 end -- rules only: any range will do
    ylow, yhigh = range_of(items, ylog, options.ylim, PAD_Y, { xlow, xhigh }, "y")
    if not ylow then ylow, yhigh = ylog and 1 or 0, ylog and 10 or 1 end
  end
  local entries = {}
  for _, item in ipairs(items) do
    if item.kind == "path" then find_end(item, xlog, ylog) end
    if item.label and item.kind ~= "text" then entries[#entries + 1] = item end
  end
  if options.legend == "none" then entries = {} end
  return {
    plot = plot, items = items, image = image, entries = entries,
    curves = math.max(plot.curves, plot.bands),
    x = { low = xlow, high = xhigh, log = xlog, names = plot.xnames, fixed = options.xlim ~= nil },
    y = { low = ylow, high = yhigh, log = ylog, names = plot.ynames },
    title = options.title, xlabel = options.xlabel, ylabel = options.ylabel, legend = options.legend,
  }
end

--- What is written at points of the panel: { text, x, side = "left", "center" or "right" of the point } each.
function scene.words(self)
  local words = {}
  for _, item in ipairs(self.items) do
    if item.kind == "text" then
      for _, line in ipairs(text.lines(item.text)) do
        words[#words + 1] = { text = line, x = item.x, side = item.align or "left" }
      end
    elseif item.kind == "path" and item.name and item.last then
      words[#words + 1] = { text = text.line(item.name), x = item.x[item.last], side = item.side }
    end
  end
  return words
end

--- Moves the names of paths up or down, item.lift lines, where they would lie on each other in a plotting area of this
--- size: those that meet are spread around their middle, in the order of their points.
function scene.spread_names(self, d, width, height)
  local function place(value, a, size)
    local low, high = axis.place(a.low, a.log), axis.place(a.high, a.log)
    return (axis.place(value, a.log) - low) / (high - low) * size
  end
  local names = {}
  for _, item in ipairs(self.items) do
    if item.kind == "path" and item.name and item.last then
      local x, size = place(item.x[item.last], self.x, width), d.measure(text.line(item.name)) + d.letter
      local left = item.side == "left" and x or x - size
      local y = place(item.y[item.last], self.y, height) / d.line
      names[#names + 1] = { item = item, left = left, right = left + size, y = y, at = y }
    end
  end
  table.sort(names, function(a, b) return a.y < b.y end)
  for _ = 1, 50 do -- until nothing moves; each pass halves what is left
    local moved = false
    for i, low in ipairs(names) do
      for j = i + 1, #names do
        local high = names[j]
        local lack = 1 - (high.at - low.at)
        if lack > 0.02 and low.left < high.right and high.left < low.right then
          low.at, high.at, moved = low.at - lack / 2, high.at + lack / 2, true
        end
      end
    end
    if not moved then break end
  end
  for _, name in ipairs(names) do name.item.lift = name.at - name.y end
end

-- ---- where the panel is free ----

local CHECKED = 5000 -- points of a curve that are looked at, at least

--- Does the segment from (x1, y1) to (x2, y2) meet the box? (Liang & Barsky 1984)
local function segment_meets(x1, y1, x2, y2, box)
  local enter, leave = 0, 1
  local function clip(p, q)
    if p == 0 then return q >= 0 end
    local r = q / p
    if p < 0 then enter = math.max(enter, r) else leave = math.min(leave, r) end
    return enter <= leave
  end
  local dx, dy = x2 - x1, y2 - y1
  return clip(-dx, x1 - box[1]) and clip(dx, box[3] - x1) and clip(-dy, y1 - box[2]) and clip(dy, box[4] - y1)
end

--- Is the box { left, bottom, right, top }, in fractions of the plotting area, free of all that is drawn?
function scene.is_free(self, box)
  local function fraction(value, a)
    local low, high = axis.place(a.low, a.log), axis.place(a.high, a.log)
    return (axis.place(value, a.log) - low) / (high - low)
  end
  local function meets(xs, ys, connected)
    local px, py
    for i = 1, #xs, math.max(1, #xs // CHECKED) do
      local x, y = xs[i], ys[i]
      if axis.shows(x, self.x.log) and axis.shows(y, self.y.log) then
        local u, v = fraction(x, self.x), fraction(y, self.y)
        if segment_meets(connected and px or u, connected and py or v, u, v, box) then return true end
        px, py = u, v
      else
        px, py = nil, nil
      end
    end
    return false
  end
  for _, item in ipairs(self.items) do
    local kind = item.kind
    if kind == "image" then return false end
    if kind == "rule" then
      local place = fraction(item.at, item.axis == "x" and self.x or self.y)
      local side = item.axis == "x" and 1 or 2
      if place >= box[side] and place <= box[side + 2] then return false end
    elseif kind == "text" then
      if meets({ item.x }, { item.y }) then return false end
    elseif kind == "bars" then
      for i, x in ipairs(item.x) do
        local bottom = self.y.log and self.y.low or 0
        for _, place in ipairs { x - item.width / 2, x, x + item.width / 2 } do
          if meets({ place, place }, { bottom, item.y[i] }, true) then return false end
        end
      end
    elseif item.low then
      local connected = kind == "band"
      if meets(item.x, item.low, connected) or meets(item.x, item.high, connected) then return false end
      for i, x in ipairs(item.x) do
        if meets({ x, x }, { item.low[i], item.high[i] }, true) then return false end
      end
    elseif meets(item.x, item.y, kind ~= "points") then
      return false
    end
  end
  return true
end

return scene
