--- A script for gnuplot that grows line by line. Places are given in the device's unit, from the picture's
--- lower left corner.

local colors = require "linnet.plot.colors"
local text = require "linnet.plot.text"

local Script = {}
Script.__index = Script

function Script.new(d) return setmetatable({ d = d, n = 0, blocks = 0 }, Script) end

function Script:add(format, ...)
  self.n = self.n + 1
  self[self.n] = select("#", ...) > 0 and format:format(...) or format
end

--- A point of the picture, in the device's unit.
function Script:at(x, y) return ("screen %.6f,%.6f"):format(x / self.d.width, y / self.d.height) end

--- A string constant, of what the device can draw.
function Script:quote(line) return text.quote(self.d.drawable and self.d.drawable(line) or line) end

--- Writes a line of text at a point of the picture: where = "left", "center", "right", or "up" (turned).
function Script:write(line, x, y, where, scale, color)
  if not line:find("%S") then return end
  local place = where == "up" and "center rotate by 90" or where
  self:add("set label %s at %s %s front noenhanced font %s textcolor rgb '%s'", self:quote(line),
    self:at(x, y), place, self.d:font(scale or 1), color or colors.ink)
end

--- Writes a line of text beside (x, y) of the panel's axes, moved by some letters and lines.
function Script:note(line, x, y, where, right, up, color)
  self:add("set label %s at %.15g,%.15g %s offset %g,%g front noenhanced font %s textcolor rgb '%s'",
    self:quote(line), x, y, where, right, up, self.d:font(1), color or colors.ink)
end

function Script:segment(x1, y1, x2, y2, style)
  self:add("set arrow from %s to %s nohead front %s", self:at(x1, y1), self:at(x2, y2), style)
end

function Script:dot(x, y, style) self:add("set label '' at %s point %s front", self:at(x, y), style) end

--- A data block of n lines, line i being row(i); returns its name.
function Script:block(n, row)
  self.blocks = self.blocks + 1
  local name = "$d" .. self.blocks
  self:add("%s << EOD", name)
  for i = 1, n do
    self.n = self.n + 1
    self[self.n] = row(i)
  end
  self:add "EOD"
  return name
end

--- Bytes that the panel's plot command reads from '-'.
function Script:follow(bytes) self.following = bytes end

--- Ends the panel: plots the elements.
function Script:plot(elements)
  self:add("plot %s", #elements > 0 and table.concat(elements, ", \\\n") or "NaN notitle")
  if self.following then
    self:add(self.following)
    self.following = nil
  end
end

--- The script's text.
function Script:whole() return table.concat(self, "\n") end

return Script
