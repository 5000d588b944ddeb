--- Kinds of items (scene.lua): how gnuplot draws each, and its sample in the legend.

local axis = require "linnet.plot.axis"
local colors = require "linnet.plot.colors"
local text = require "linnet.plot.text"

local marks = {}

local CURVE, THIN, ERROR_BAR = 1.7, 1, 1.3 -- line widths, in 1/96 inch
local BAND_OPACITY, OVERLAP_OPACITY = 0.22, 0.6
local FEW_CELLS = 4096 -- so many cells of an image an SVG file has as squares
local DASHES = { solid = "1", dashed = "'-'", dotted = "'.'" }
local TEXT_CURVES = "*#$%@&=" -- gnuplot's characters for its first line types, in text

-- ---- styles ----

-- In text every colour is a character: the number of gnuplot's line type.
local function text_type(item) return (item.order - 1) % #TEXT_CURVES + 1 end

local function color_of(item, scene)
  return type(item.color) == "number" and colors.curve(item.color, scene.curves) or item.color
end

local function line_style(item, scene, d, color)
  if not d.rich then return ("lt %d"):format(text_type(item)) end
  return ("lc rgb '%s' lw %g dt %s"):format(color or color_of(item, scene),
    item.kind == "rule" and THIN or CURVE, DASHES[item.style or "solid"])
end

local function bar_style(item, scene, d, color)
  if not d.rich then return ("lt %d"):format(text_type(item)) end
  return ("lc rgb '%s' lw %g"):format(color or color_of(item, scene), ERROR_BAR)
end

local function point_style(item, scene, d, color)
  if not d.rich then return ("pt %d lt %d"):format((item.order - 1) % 26 + 1, text_type(item)) end
  return ("pt 7 ps %g lc rgb '%s' lw %g"):format(d.dot, color or color_of(item, scene), THIN)
end

local function fill_style(item, scene, d, color)
  local opacity = item.kind == "band" and BAND_OPACITY or scene.plot.bar_sets > 1 and OVERLAP_OPACITY or 1
  if not d.rich then return ("lt %d"):format(text_type(item)) end
  return ("fc rgb '%s' fs transparent solid %g noborder"):format(color or color_of(item, scene), opacity)
end

-- ---- items ----

-- kind -> function(script, item, scene): adds data blocks and labels, returns the elements of gnuplot's plot
local plotters = {}
marks.plotters = plotters

--- A data block of x and y; NaN, which breaks a curve, where one of the two can't be shown.
local function points_block(script, scene, x, y)
  local xlog, ylog = scene.x.log, scene.y.log
  return script:block(#x, function(i)
    if not (axis.shows(x[i], xlog) and axis.shows(y[i], ylog)) then return "NaN NaN" end
    return ("%.15g %.15g"):format(x[i], y[i])
  end)
end

--- What the picture can show of a long curve whose x doesn't fall: of each pixel's width the first, the
--- lowest, the highest and the last point. It looks the same; a stroke of a million points takes gnuplot
--- minutes.
local function reduced(script, item, scene)
  local x, y, columns = item.x, item.y, 2 * math.ceil(scene.area.width)
  if not script.d.rich or #x <= 8 * columns then return x, y end
  local xlog, ylog = scene.x.log, scene.y.log
  local low, high = axis.place(scene.x.low, xlog), axis.place(scene.x.high, xlog)
  local kx, ky, n = {}, {}, 0
  local function keep(i)
    n = n + 1
    kx[n], ky[n] = x[i], y[i]
  end
  local column, first, lowest, highest, last
  local function finish()
    if not column then return end
    local some = { first, lowest, highest, last }
    table.sort(some)
    for k, i in ipairs(some) do
      if i ~= some[k - 1] then keep(i) end
    end
    column = nil
  end
  local before = -math.huge
  for i = 1, #x do
    if not (axis.shows(x[i], xlog) and axis.shows(y[i], ylog)) then
      finish()
      keep(i)
    else
      if x[i] < before then return x, y end
      before = x[i]
      local here = math.floor((axis.place(x[i], xlog) - low) / (high - low) * columns)
      if here ~= column then
        finish()
        column, first, lowest, highest = here, i, i, i
      end
      last = i
      if y[i] < y[lowest] then lowest = i end
      if y[i] > y[highest] then highest = i end
    end
  end
  finish()
  return kx, ky
end

function plotters.lines(script, item, scene)
  local block = points_block(script, scene, reduced(script, item, scene))
  return { ("%s using 1:2 with lines %s"):format(block, line_style(item, scene, script.d)) }
end

function plotters.points(script, item, scene)
  local block = points_block(script, scene, item.x, item.y)
  return { ("%s using 1:2 with points %s"):format(block, point_style(item, scene, script.d)) }
end

--- A path is a line with a dot where it ends, and its name there.
function plotters.path(script, item, scene)
  local elements = plotters.lines(script, item, scene)
  if item.last then
    local x, y = item.x[item.last], item.y[item.last]
    local block = points_block(script, scene, { x }, { y })
    elements[2] = ("%s using 1:2 with points %s"):format(block, point_style(item, scene, script.d))
    if item.name then
      script:note(text.line(item.name), x, y, item.side, item.side == "left" and 0.8 or -0.8, item.lift or 0,
        color_of(item, scene))
    end
  end
  return elements
end

--- The bars are upright lines without caps: gnuplot's own leave a hole around the point.
function plotters.errorbars(script, item, scene)
  local d, xlog, ylog = script.d, scene.x.log, scene.y.log
  local block = script:block(#item.x, function(i)
    local x, low, high = item.x[i], item.low[i], item.high[i]
    if ylog and low < scene.y.low then low = scene.y.low end -- a bar that reaches 0 goes down to the axis
    local all = axis.shows(x, xlog) and axis.shows(low, ylog) and axis.shows(high, ylog)
    return all and ("%.15g %.15g\n%.15g %.15g\n"):format(x, low, x, high) or "NaN NaN"
  end)
  local points = plotters.points(script, item, scene)
  return { ("%s using 1:2 with lines %s"):format(block, bar_style(item, scene, d)), points[1] }
end

--- One element for each run without a gap: a filled curve can't be broken.
function plotters.band(script, item, scene)
  local elements, run = {}, { x = {}, low = {}, high = {} }
  local function finish()
    if #run.x > 1 then
      local block = script:block(#run.x, function(i)
        return ("%.15g %.15g %.15g"):format(run.x[i], run.low[i], run.high[i])
      end)
      elements[#elements + 1] = ("%s using 1:2:3 with filledcurves %s"):format(block,
        fill_style(item, scene, script.d))
    end
    run = { x = {}, low = {}, high = {} }
  end
  for i, x in ipairs(item.x) do
    local low, high = item.low[i], item.high[i]
    if scene.y.log and low <= scene.y.low then low = scene.y.low end
    if axis.shows(x, scene.x.log) and axis.shows(low, scene.y.log) and axis.shows(high, scene.y.log) then
      local n = #run.x + 1
      run.x[n], run.low[n], run.high[n] = x, low, high
    else
      finish()
    end
  end
  finish()
  return elements
end

function plotters.bars(script, item, scene)
  local block = points_block(script, scene, item.x, item.y)
  local style = fill_style(item, scene, script.d)
  return { ("%s using 1:2:(%.15g) with boxes %s"):format(block, item.width, style) }
end

function plotters.rule(script, item, scene)
  local along = item.axis == "x" and scene.y or scene.x
  local block = script:block(2, function(i)
    local end_point = i == 1 and along.low or along.high
    local x, y = end_point, item.at
    if item.axis == "x" then x, y = y, x end
    return ("%.15g %.15g"):format(x, y)
  end)
  return { ("%s using 1:2 with lines %s"):format(block, line_style(item, scene, script.d)) }
end

function plotters.text(script, item, scene)
  local x, y = scene.x, scene.y
  if item.x < x.low or item.x > x.high or item.y < y.low or item.y > y.high then return {} end
  for i, line in ipairs(text.lines(item.text)) do
    script:note(line, item.x, item.y, item.align or "left", 0, 1 - i, item.color and color_of(item, scene))
  end
  return {}
end

-- In text an image is one shade for each character of the panel.
local function shaded(script, item, scene)
  local area = scene.area
  local span = item.high > item.low and item.high - item.low or 1
  for v = 0, area.height - 1 do
    local line = {}
    for u = 0, area.width - 1 do
      local x = scene.x.low + (u + 0.5) / area.width * (scene.x.high - scene.x.low)
      local y = scene.y.low + (v + 0.5) / area.height * (scene.y.high - scene.y.low)
      local row = item.cells[math.floor(y + 0.5)]
      local value = row and row[math.floor(x + 0.5)]
      local shade = " "
      if value and value == value then
        local level = math.min(1, math.max(0, (value - item.low) / span))
        local place = 1 + math.floor(level * (#text.SHADES - 1) + 0.5)
        shade = text.SHADES:sub(place, place)
      end
      line[#line + 1] = shade
    end
    script:add("set label %s at %s left front noenhanced", text.quote(table.concat(line)),
      script:at(area.left + 0.5, area.bottom + area.height - v - 0.5))
  end
  return { "NaN" }
end

function plotters.image(script, item, scene)
  if not script.d.rich then return shaded(script, item, scene) end
  -- gnuplot's images have two rows and columns at least: a single one is drawn as two of half the size.
  local across, down = item.cols == 1 and 2 or 1, item.rows == 1 and 2 or 1
  local cells = {}
  for _, row in ipairs(item.cells) do
    for _ = 1, down do
      for _, x in ipairs(row) do
        cells[#cells + 1] = string.pack("=d", axis.shows(x) and x or 0 / 0):rep(across)
      end
    end
  end
  script:follow(table.concat(cells)) -- as bytes: gnuplot takes 50 times as long to read them as text
  script:add(colors.palette(item.map))
  script:add("set cbrange [%.15g:%.15g]", item.low, item.high)
  local squares = script.d.squares and item.rows * item.cols <= FEW_CELLS
  return { ("'-' binary array=(%d,%d) dx=%g dy=%g origin=(%g,%g) format='%%float64' with image%s"):format(
    item.cols * across, item.rows * down, 1 / across, 1 / down, 0.5 + 0.5 / across, 0.5 + 0.5 / down,
    squares and " pixels" or "") }
end

-- ---- samples in legends ----

-- kind -> function(script, item, scene, x, y, width, color): draws the sample from (x, y) to the right
local samples = {}
marks.samples = samples

function samples.lines(script, item, scene, x, y, width, color)
  script:segment(x, y, x + width, y, line_style(item, scene, script.d, color))
end
samples.rule = samples.lines

function samples.points(script, item, scene, x, y, width, color)
  script:dot(x + width / 2, y, point_style(item, scene, script.d, color))
end

function samples.path(script, item, scene, x, y, width, color)
  samples.lines(script, item, scene, x, y, width, color)
  script:dot(x + width, y, point_style(item, scene, script.d, color))
end

function samples.errorbars(script, item, scene, x, y, width, color)
  local half = 0.35 * script.d.line
  script:segment(x + width / 2, y - half, x + width / 2, y + half, bar_style(item, scene, script.d, color))
  samples.points(script, item, scene, x, y, width, color)
end

function samples.band(script, item, scene, x, y, width, color)
  local half = 0.3 * script.d.line
  script:add("set object rectangle from %s to %s front %s", script:at(x, y - half),
    script:at(x + width, y + half), fill_style(item, scene, script.d, color))
end
samples.bars = samples.band

--- In text: the characters that gnuplot draws the item with.
function marks.text_sample(item)
  if item.kind == "points" or item.kind == "errorbars" then
    return (" %s "):format(string.char(64 + (item.order - 1) % 26 + 1))
  end
  if item.kind == "band" then return "XXX" end
  local curve = text_type(item)
  return TEXT_CURVES:sub(curve, curve):rep(3)
end

return marks
