--- Pictures of curves, points, bands, bars and images, drawn by gnuplot.
--
--     plot.new { title = "Modes", xlabel = "time", ylabel = "strength" }
--       :lines(t, pred.modes, { label = "theory" })
--       :points(t, run.modes, { label = "training", every = 10 })
--       :save "modes.svg"
--
-- A plot only collects what it shows; gnuplot runs when it is saved or shown. Every method gives the plot
-- back.

local options = require "linnet.options"

local plot = {}

local STYLES = { "solid", "dashed", "dotted" }

-- Loaded when the first plot is made: linnet starts without them.
local axis, colors, picture, read

local Plot = { __name = "plot" }
Plot.__index = Plot

local function fail(call, format, ...) options.fail(call, format:format(...)) end

local function check_self(self, call, class)
  if getmetatable(self) == (class or Plot) then return end
  fail(call, "is a plot's method; call it with a colon, p%s(...)", call:sub(5))
end

-- ---- adding items ----

local function shows(self, x, y)
  return axis.shows(x, self.options.x == "log") and axis.shows(y, self.options.y == "log")
end

--- Raises unless one point at least of these curves can be drawn.
local function check_drawable(self, curves, call)
  local empty, not_finite = true, true
  for _, curve in ipairs(curves) do
    for i, x in ipairs(curve.x) do
      local y = curve.y and curve.y[i] or curve.high[i]
      if shows(self, x, y) then return end
      empty = false
      not_finite = not_finite and not (axis.shows(x) and axis.shows(y))
    end
  end
  if empty then fail(call, "x is empty") end
  if not_finite then fail(call, "nothing can be drawn: in every point x or y is NaN or infinite") end
  fail(call, "nothing can be drawn: on a logarithmic axis numbers must be above 0, and no point has them so")
end

--- Every n-th of the curve's points, from the first.
local function thin(curve, every)
  if not every or every == 1 then return end
  for name, list in pairs(curve) do
    local kept = {}
    for i = 1, #list, every do kept[#kept + 1] = list[i] end
    curve[name] = kept
  end
end

--- The numbers of the colours for `count` curves. One curve, or several with a name each, take the next ones;
--- several that are not told apart by names take 1, 2, ...: the k-th columns of theory and of training look
--- alike.
local function next_colors(self, count, own_names)
  local start = (count == 1 or own_names) and self.curves or 0
  self.curves = math.max(self.curves, start + count)
  return start
end

--- The j-th band lies around the j-th curve.
local function next_bands(self, count)
  local start = count == 1 and self.bands or 0
  self.bands = math.max(self.bands, start + count)
  return start
end

--- Adds an item of this kind for each curve; o has label and color, each for all or a list of them.
local function add(self, kind, curves, o, call)
  local count = #curves
  local labels
  if type(o.label) == "table" then
    labels = read.strings(o.label, count, call, "label")
  elseif o.label ~= nil and type(o.label) ~= "string" then
    fail(call, "label must be a string or a list of strings, got %s", options.describe(o.label))
  end
  local palette = {}
  if type(o.color) == "table" then
    if #o.color ~= count then fail(call, "color has %d colours for %d curves", #o.color, count) end
    for k = 1, count do palette[k] = colors.check(o.color[k], call) end
  elseif o.color ~= nil then
    local color = colors.check(o.color, call)
    for k = 1, count do palette[k] = color end
  else
    local start = (kind == "band" and next_bands or next_colors)(self, count, labels ~= nil)
    for k = 1, count do palette[k] = start + k end
  end
  for k, item in ipairs(curves) do
    item.kind, item.style, item.color = kind, o.style, palette[k]
    item.order = type(palette[k]) == "number" and palette[k] or #self.items + 1
    item.label = labels and labels[k] or (k == 1 and o.label or nil)
    item.shared = not labels and count > 1 and (o.color == nil or type(o.color) == "table")
    item.title = item.label
    if o.label and not labels and count > 1 then item.title = ("%s %d"):format(o.label, k) end
    local counts = kind ~= "band" and type(palette[k]) == "number"
    if counts then self.curves = math.max(self.curves, palette[k]) end
    self.items[#self.items + 1] = item
  end
  return self
end

local function add_curves(self, kind, x, Y, o, call)
  local curves = read.curves(x, Y, call)
  for _, curve in ipairs(curves) do thin(curve, o.every) end
  check_drawable(self, curves, call)
  return add(self, kind, curves, o, call)
end

--- Curves through the columns of Y (T x K) over x (T). NaN and infinities leave gaps.
---@param x any      vector, or a matrix of Y's shape
---@param Y any      vector or matrix, each column a curve
---@param given? table  label (a string, or a list with one for each curve), color (a name, "#rrggbb", the
---                     number of a curve, or a list), style ("solid", "dashed", "dotted"), every (n: each
---                     n-th point)
function Plot:lines(x, Y, given)
  local call = "plot:lines"
  check_self(self, call)
  local o = options.read(given, call, { label = "any", color = "any", style = STYLES, every = "count" })
  return add_curves(self, "lines", x, Y, o, call)
end

--- Dots at the numbers of Y (T x K) over x (T).
---@param given? table  label, color, every: as for lines
function Plot:points(x, Y, given)
  local call = "plot:points"
  check_self(self, call)
  local o = options.read(given, call, { label = "any", color = "any", every = "count" })
  return add_curves(self, "points", x, Y, o, call)
end

--- Dots with bars from y - dy to y + dy.
---@param dy any        a number, or of y's shape; not negative
---@param given? table  label, color, every: as for lines
function Plot:errorbars(x, y, dy, given)
  local call = "plot:errorbars"
  check_self(self, call)
  local o = options.read(given, call, { label = "any", color = "any", every = "count" })
  local curves = read.curves(x, y, call, "x", "y")
  if dy == nil then fail(call, "dy is needed: %s(x, y, dy)", call) end
  local deviations = type(dy) ~= "number" and read.columns(dy, #curves[1].x, call, "dy", "x")
  if deviations and #deviations ~= #curves then
    fail(call, "y has %d columns and dy has %d", #curves, #deviations)
  end
  for k, curve in ipairs(curves) do
    curve.low, curve.high = {}, {}
    for i, value in ipairs(curve.y) do
      local d = deviations and deviations[k][i] or dy
      if d < 0 then fail(call, "dy must not be negative; number %d is %g", i, d) end
      curve.low[i], curve.high[i] = value - d, value + d
    end
    thin(curve, o.every)
  end
  check_drawable(self, curves, call)
  return add(self, "errorbars", curves, o, call)
end

--- The area between two curves; the j-th band takes the colour of the j-th curve, and lies below all curves.
---@param low any       vector or matrix, as Y of lines
---@param high any      of the same shape
---@param given? table  label, color: as for lines
function Plot:band(x, low, high, given)
  local call = "plot:band"
  check_self(self, call)
  local o = options.read(given, call, { label = "any", color = "any" })
  local curves = read.curves(x, low, call, "x", "low")
  if high == nil then fail(call, "high is needed: %s(x, low, high)", call) end
  local highs = read.columns(high, #curves[1].x, call, "high", "x")
  if #highs ~= #curves then fail(call, "low has %d columns and high has %d", #curves, #highs) end
  for k, curve in ipairs(curves) do curve.low, curve.high, curve.y = curve.y, highs[k], nil end
  check_drawable(self, curves, call)
  return add(self, "band", curves, o, call)
end

local function smallest_distance(x)
  local sorted = table.move(x, 1, #x, 1, {})
  table.sort(sorted)
  local least = math.huge
  for i = 2, #sorted do
    local distance = sorted[i] - sorted[i - 1]
    if distance > 0 then least = math.min(least, distance) end
  end
  return least < math.huge and least or 1
end

--- Bars from 0 to the numbers of Y; the columns of Y stand side by side. p:bars(Y): at 1, 2, ...
---@param x any         vector, or a list of names
---@param given? table  label, color: as for lines; width (0.8 of the distance between bars; 1 for a
---                     histogram)
function Plot:bars(x, Y, given)
  local call = "plot:bars"
  check_self(self, call)
  if Y == nil and x ~= nil then
    local _, rows, count = options.columns(x, call, "Y")
    x, Y = {}, x
    for i = 1, rows == 1 and count or rows do x[i] = i end
  end
  local o = options.read(given, call, { label = "any", color = "any", width = "positive" })
  if o.width and o.width > 1 then fail(call, "width must be between 0 and 1, got %g", o.width) end
  local names
  if type(x) == "table" and type(x[1]) == "string" then
    names = read.strings(x, #x, call, "x")
    x = {}
    for i = 1, #names do x[i] = i end
  end
  if self.options.x == "log" then fail(call, "bars can't stand on a logarithmic x axis") end
  local curves = read.curves(x, Y, call)
  for _, at in ipairs(curves[1].x) do
    if not axis.shows(at) then fail(call, "x must be finite") end
  end
  check_drawable(self, curves, call)
  local whole = (o.width or 0.8) * smallest_distance(curves[1].x)
  for k, curve in ipairs(curves) do
    local shifted = {}
    for i, at in ipairs(curve.x) do shifted[i] = at + whole * ((k - 0.5) / #curves - 0.5) end
    curve.x, curve.width = shifted, whole / #curves
  end
  self.xnames = names or self.xnames
  self.bar_sets = self.bar_sets + 1
  return add(self, "bars", curves, o, call)
end

--- A matrix as an image, row 1 on top.
---@param M any         matrix
---@param given? table  xlabels, ylabels (a name for each column, row); map ("viridis", "cividis", "gray",
---                     "diverging"; viridis, or diverging around 0 where M has both signs); limits
---                     ({ low, high } of the colours); colorbar (true, false or a label)
function Plot:image(M, given)
  local call = "plot:image"
  check_self(self, call)
  local o = options.read(given, call,
    { xlabels = "table", ylabels = "table", map = colors.maps, limits = "any", colorbar = "any" })
  for _, item in ipairs(self.items) do
    if item.kind == "image" then fail(call, "a plot holds one image; plot.grid puts several side by side") end
  end
  if self.options.x == "log" or self.options.y == "log" then
    fail(call, "an image can't have logarithmic axes")
  end
  if o.colorbar ~= nil and type(o.colorbar) ~= "boolean" and type(o.colorbar) ~= "string" then
    fail(call, "colorbar must be true, false or a label, got %s", options.describe(o.colorbar))
  end
  local columns, rows, cols = options.columns(M, call, "M")
  if rows == 0 or cols == 0 then fail(call, "M is empty") end
  local cells, low, high = {}, math.huge, -math.huge
  for i = 1, rows do
    cells[i] = {}
    for j = 1, cols do
      local x = columns[j][i]
      cells[i][j] = x
      if axis.shows(x) then low, high = math.min(low, x), math.max(high, x) end
    end
  end
  if low > high then fail(call, "nothing can be drawn: every number of M is NaN or infinite") end
  local map = o.map or (low < 0 and high > 0 and "diverging" or "viridis")
  local limits = read.limits(o.limits, call, "limits")
  if limits then
    low, high = limits[1], limits[2]
  elseif map == "diverging" then
    high = math.max(math.abs(low), math.abs(high))
    low = -high
  end
  if low == high then low, high = axis.range(low, high, false, 0) end
  self.xnames = o.xlabels and read.strings(o.xlabels, cols, call, "xlabels") or self.xnames
  self.ynames = o.ylabels and read.strings(o.ylabels, rows, call, "ylabels") or self.ynames
  self.items[#self.items + 1] = { kind = "image", cells = cells, rows = rows, cols = cols, map = map,
    low = low, high = high, bar = o.colorbar == nil or o.colorbar }
  return self
end

--- Words at a point, or at each of several.
---@param x any         number or vector
---@param y any         as many
---@param s any         a string, or as many
---@param given? table  color; align ("left", "center", "right" of the point)
function Plot:text(x, y, s, given)
  local call = "plot:text"
  check_self(self, call)
  local o = options.read(given, call, { color = "any", align = { "left", "center", "right" } })
  local xs, ys = read.vector(x, call, "x"), read.vector(y, call, "y")
  if #xs ~= #ys then fail(call, "x has %d numbers and y has %d", #xs, #ys) end
  local words = read.strings(s, #xs, call, "s")
  local color = o.color and colors.check(o.color, call)
  for i = 1, #xs do
    if not shows(self, xs[i], ys[i]) then fail(call, "(%g, %g) is no place on these axes", xs[i], ys[i]) end
  end
  for i, word in ipairs(words) do
    self.items[#self.items + 1] = { kind = "text", x = xs[i], y = ys[i], text = word, color = color,
      align = o.align }
  end
  return self
end

local function add_rule(self, which, at, given, call)
  check_self(self, call)
  local o = options.read(given, call, { label = "string", color = "any", style = STYLES })
  if type(at) ~= "number" or not axis.shows(at, self.options[which] == "log") then
    fail(call, "a number on the %s axis%s is needed, got %s", which,
      self.options[which] == "log" and " (logarithmic: above 0)" or "", options.describe(at))
  end
  self.items[#self.items + 1] = { kind = "rule", axis = which, at = at, label = o.label, title = o.label,
    style = o.style or "dashed", color = o.color and colors.check(o.color, call) or colors.neutral,
    order = #self.items + 1 }
  return self
end

--- A line across the panel at y.
---@param given? table  label, color (dark gray), style (dashed)
function Plot:hline(y, given) return add_rule(self, "y", y, given, "plot:hline") end

--- A line up the panel at x.
---@param given? table  as for hline
function Plot:vline(x, given) return add_rule(self, "x", x, given, "plot:vline") end

--- Trajectories: the k-th goes through (X[i][k], Y[i][k]), with a dot where it ends and its name beside it.
---@param X any         T x K
---@param Y any         T x K
---@param given? table  labels (a name for each), label (of all, in the legend), color, style: as for lines
function Plot:paths(X, Y, given)
  local call = "plot:paths"
  check_self(self, call)
  local o = options.read(given, call, { labels = "any", label = "string", color = "any", style = STYLES })
  local curves = read.curves(X, Y, call, "X", "Y")
  check_drawable(self, curves, call)
  local names = o.labels and read.strings(o.labels, #curves, call, "labels")
  for k, curve in ipairs(curves) do curve.name = names and names[k] end
  return add(self, "path", curves, o, call)
end

-- ---- pictures ----

--- Writes the picture; the ending says what kind: .svg, .png, .pdf, or .txt.
---@param path string
function Plot:save(path)
  check_self(self, "plot:save")
  picture.save({ { self } }, nil, self.options.size or { 6, 4 }, path, "plot:save")
  return self
end

--- Prints the picture as text, as wide as the terminal (COLUMNS, or 80).
function Plot:show()
  check_self(self, "plot:show")
  picture.show({ { self } }, nil, "plot:show")
  return self
end

function Plot:__tostring()
  local title = self.options.title and (" '%s'"):format(self.options.title) or ""
  return ("plot%s (%d item%s)"):format(title, #self.items, #self.items == 1 and "" or "s")
end

local Grid = { __name = "plot grid" }
Grid.__index = Grid

--- Writes the picture, as a plot's save does.
function Grid:save(path)
  check_self(self, "plot:save", Grid)
  picture.save(self.rows, self.title, self.size, path, "plot:save")
  return self
end

--- Prints the picture as text.
function Grid:show()
  check_self(self, "plot:show", Grid)
  picture.show(self.rows, self.title, "plot:show")
  return self
end

function Grid:__tostring() return ("plot grid (%d row%s)"):format(#self.rows, #self.rows == 1 and "" or "s") end

-- ---- the module ----

local function load_parts()
  axis, colors = require "linnet.plot.axis", require "linnet.plot.colors"
  picture, read = require "linnet.plot.picture", require "linnet.plot.read"
end

local LEGENDS = { "top right", "bottom right", "top left", "bottom left", "right", "none" }

--- nil: wherever there is room.
local function read_legend(value, call)
  if value == nil or value == true then return nil end
  return value == false and "none" or options.read({ legend = value }, call, { legend = LEGENDS }).legend
end

--- An empty plot.
---@param given? table  title, xlabel, ylabel; x, y ("linear" or "log"); xlim, ylim ({ low, high }); size
---                     ({ 6, 4 } in inches); legend (a corner, as "top left"; "right" of the panel; "none";
---                     by itself it stands in a corner that nothing is drawn in, or beside the panel)
function plot.new(given)
  load_parts()
  local call, scales = "plot.new", { "linear", "log" }
  local o = options.read(given, call, { title = "string", xlabel = "string", ylabel = "string", x = scales,
    y = scales, xlim = "any", ylim = "any", size = "any", legend = "any" })
  o.legend = read_legend(o.legend, call)
  o.xlim = read.limits(o.xlim, call, "xlim", o.x == "log")
  o.ylim = read.limits(o.ylim, call, "ylim", o.y == "log")
  o.size = read.size(o.size, call)
  return setmetatable({ options = o, items = {}, curves = 0, bands = 0, bar_sets = 0 }, Plot)
end

--- Several plots in one picture: { { p1, p2 }, { p3, p4 } }, false for an empty place.
---@param given table   rows of plots; and title, size ({ width, height } of the whole in inches)
function plot.grid(given)
  load_parts()
  local call = "plot.grid"
  if type(given) ~= "table" then
    fail(call, "rows of plots are needed, { { p1, p2 }, { p3, p4 } }; got %s", options.describe(given))
  end
  local rows, named, columns = {}, {}, 0
  for key, value in pairs(given) do
    if math.type(key) ~= "integer" then named[key] = value end
  end
  local o = options.read(named, call, { title = "string", size = "any" })
  for r, row in ipairs(given) do
    if type(row) ~= "table" or getmetatable(row) == Plot then
      fail(call, "row %d must be a list of plots, got %s", r, options.describe(row))
    end
    rows[r] = {}
    for c = 1, #row do
      if row[c] and getmetatable(row[c]) ~= Plot then
        fail(call, "row %d, column %d must be a plot or false, got %s", r, c, options.describe(row[c]))
      end
      rows[r][c] = row[c]
    end
    columns = math.max(columns, #row)
  end
  if columns == 0 then fail(call, "rows of plots are needed, { { p1, p2 }, { p3, p4 } }") end
  return setmetatable({ rows = rows, title = o.title, size = read.size(o.size, call) }, Grid)
end

return plot
