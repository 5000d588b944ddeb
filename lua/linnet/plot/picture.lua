--- From plots to files and to the terminal.

local device = require "linnet.plot.device"
local draw = require "linnet.plot.draw"
local file = require "linnet.file"
local layout = require "linnet.plot.layout"
local options = require "linnet.options"
local scene = require "linnet.plot.scene"

local picture = {}

--- The bytes of the picture of rows[r][c] (plots, or false), for a device.
local function render(rows, title, d, call)
  local panels, columns, titles = {}, 0, { title }
  for r, row in ipairs(rows) do
    panels[r] = {}
    columns = math.max(columns, #row)
    for c, plot in ipairs(row) do
      if plot then
        local made, why = scene.new(plot)
        if not made then
          local which = #rows * columns > 1 and ("row %d, column %d: "):format(r, c) or ""
          options.fail(call, which .. why)
        end
        panels[r][c] = made
        titles[#titles + 1] = plot.options.title
      end
    end
  end
  local head = layout.arrange(panels, #rows, columns, d, title)
  if not head then
    options.fail(call, d.rich and "the size leaves no room beside titles, labels and legends; make it larger"
      or "the terminal is too small for this picture")
  end
  return device.render(d, draw.script(panels, #rows, columns, d, head), titles[1] or "Plot", call)
end

--- The size of a grid, in inches: the more columns, the smaller the panels; images are square.
local function default_size(rows)
  local columns, images = 0, true
  for _, row in ipairs(rows) do
    columns = math.max(columns, #row)
    for _, plot in ipairs(row) do
      for _, item in ipairs(plot and plot.items or {}) do images = images and item.kind == "image" end
    end
  end
  local widths = images and { 4, 4, 3.5, 3, 2.6 } or { 6, 4.5, 3.9, 3.4, 3 }
  local width = widths[columns] or math.max(1.5, widths[5] * 5 / columns)
  return { math.min(50, width * columns), math.min(50, (images and 1 or 0.75) * width * #rows) }
end

function picture.save(rows, title, size, path, call)
  if type(path) ~= "string" then
    options.fail(call, "a file name is needed, got " .. options.describe(path))
  end
  local ending = path:lower():match("%.(%w+)$")
  local kind
  for _, known in ipairs(device.endings) do kind = ending == known and known or kind end
  if not kind then
    options.fail(call, ("'%s' must end in .svg, .png, .pdf or .txt, which says what is written"):format(path))
  end
  file.write(path, render(rows, title, device.new(kind, size or default_size(rows)), call), call)
end

function picture.show(rows, title, call)
  local told = os and os.getenv "COLUMNS" or "" -- a host may have taken os away
  local columns = math.max(40, math.min(400, math.tointeger(tonumber(told)) or 80))
  local lines = #rows == 1 and math.max(16, math.min(50, columns * 3 // 10)) or 18 * #rows
  local bytes = render(rows, title, device.new("txt", { columns = columns, rows = lines }), call)
  print((bytes:gsub("\n$", "")))
end

return picture
