--- Kinds of pictures: gnuplot's terminal for each, its measures, and the run of gnuplot that makes the bytes.
--
-- All lengths of a device are in one unit: 1/96 inch where it is drawn, a character cell where it is text.
--   rich            drawn, with fonts, colours and powers of ten; else text
--   width, height   of the picture
--   letter, line    width of an average letter and distance of lines, at the size of tics' labels
--   gap             a little air
--   title           size of titles, relative to tics' labels
--   left_of_tics    from an axis to the labels of its tics, with the tics; below_tics the same for the x axis
--   measure(line)   width of a line of text;   drawable(line), if given: what can be drawn of it
--   points          the terminal's measure of fonts, for each 1/96 inch
--   dot, tic_scale  gnuplot's sizes of a point and of a tic, to look alike on all
--   terminal        gnuplot's command;   finish(bytes, title), if given: the last touch

local glyphs = require "linnet.plot.glyphs"
local options = require "linnet.options"
local process = require "linnet.process"
local text = require "linnet.plot.text"

local device = {}

local PER_INCH = 96
local FONT = 13     -- height of the letters of tics and legends, in 1/96 inch
local SHARPNESS = 2 -- pixels of a .png for each 1/96 inch

local function drawn(size)
  return {
    rich = true,
    width = math.floor(size[1] * PER_INCH + 0.5), height = math.floor(size[2] * PER_INCH + 0.5),
    letter = 0.6 * FONT, line = 1.3 * FONT, gap = 5, title = 1.15,
    left_of_tics = 13, below_tics = 12,
    measure = function(line) return FONT * text.width(line) end,
  }
end

--- Font size relative to that of the tics, in the terminal's own measure.
local function font(self, scale) return ("',%.4g'"):format(FONT * scale * self.points) end

local kinds = {}

function kinds.svg(size)
  local d = drawn(size)
  d.points, d.dot, d.tic_scale = 1, 0.5, 0.5
  d.below_tics = d.below_tics + 3 -- they stand lower here
  d.squares = true -- viewers blur an enlarged image
  d.terminal = ("set terminal svg size %d,%d enhanced font 'sans-serif,%g' background '#ffffff' rounded")
    :format(d.width, d.height, FONT)
  --- The picture's title and the curves' names are its own: they are read aloud, and shown as tips.
  d.finish = function(bytes, title)
    local escaped = title:gsub("[&<>]", { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;" })
    bytes = bytes:gsub("<title>Gnuplot</title>", function() return "<title>" .. escaped .. "</title>" end, 1)
    bytes = bytes:gsub("<title>gnuplot_plot_%d+%a*</title>", "")
    return (bytes:gsub("<image ", "<image style='image-rendering:pixelated' "))
  end
  return d
end

function kinds.png(size)
  local d = drawn(size)
  d.points, d.dot, d.tic_scale, d.drawable = 0.75, 0.65, 0.75, glyphs.drawable
  d.terminal = ("set terminal pngcairo size %d,%d enhanced font 'sans-serif,%g' fontscale %d linewidth %d "
    .. "pointscale %d dashlength %d background '#ffffff' rounded")
    :format(d.width * SHARPNESS, d.height * SHARPNESS, FONT * d.points, SHARPNESS, SHARPNESS, SHARPNESS,
      SHARPNESS)
  return d
end

function kinds.pdf(size)
  local d = drawn(size)
  d.points, d.dot, d.tic_scale, d.drawable = 0.75, 0.65, 0.6, glyphs.drawable
  d.terminal = ("set terminal pdfcairo size %gin,%gin enhanced font 'sans-serif,%g' fontscale 0.75 "
    .. "linewidth 1.5 pointscale 1 background '#ffffff' rounded"):format(size[1], size[2], FONT * d.points)
  return d
end

--- size in inches, or { columns =, rows = } in characters.
function kinds.txt(size)
  local columns = size.columns or math.max(30, math.floor(size[1] * 13 + 0.5))
  local rows = size.rows or math.max(10, math.floor(size[2] * 6 + 0.5))
  return {
    width = columns, height = rows, letter = 1, line = 1, gap = 0, title = 1,
    left_of_tics = 4, below_tics = 0, measure = text.cells,
    points = 1, dot = 1, tic_scale = 0.75,
    terminal = ("set terminal dumb size %d,%d noenhanced mono"):format(columns, rows),
    finish = function(bytes)
      return (bytes:gsub("\f", ""):gsub(" +\n", "\n"):gsub("^\n+", ""):gsub("\n+$", "\n"))
    end,
  }
end

device.endings = { "svg", "png", "pdf", "txt" }

--- The device for an ending (without the dot) and a size.
function device.new(ending, size)
  local d = kinds[ending](size)
  d.font = font
  return d
end

-- ---- running gnuplot ----

local MISSING = "gnuplot draws the pictures and is not installed (no program 'gnuplot' in PATH); "
  .. "install it: Debian and Ubuntu have it as gnuplot-nox"

-- The line of gnuplot's errors that says what was wrong, without the echo of the input and its place in it.
local function reason(outcome)
  if outcome.signal then return ("gnuplot was ended by signal %d"):format(outcome.signal) end
  local last
  for line in outcome.errors:gmatch("[^\n]+") do
    if line:find("%S") and not line:find("^%s*%^%s*$") then last = line end
  end
  return ("gnuplot failed (status %d): %s"):format(outcome.status, last or "it says no more")
end

--- Runs gnuplot on a script and returns the picture's bytes, or raises an error of `call`.
function device.render(d, script, title, call)
  local outcome, message, missing = process.run {
    "gnuplot", "-d", "-", -- -d: no start-up files, so that a picture doesn't depend on who draws it
    input = d.terminal .. "\nset encoding utf8\n" .. script .. "\n", call = call,
  }
  if not outcome then options.fail(call, missing and MISSING or message) end
  if outcome.status ~= 0 or outcome.output == "" then options.fail(call, reason(outcome)) end
  return d.finish and d.finish(outcome.output, text.line(title)) or outcome.output
end

return device
