--- Characters that no installed font has. gnuplot's cairo terminals (PNG and PDF) draw such a one as a box
--- many times the size of the picture; here it becomes a square of a letter's size.

local process = require "linnet.process"

local glyphs = {}

local SQUARE = "□"

-- What any font for Latin text has: Latin, Greek, Cyrillic, and the signs of mathematics.
local common = { { 0, 0x24f }, { 0x370, 0x52f }, { 0x2010, 0x203a }, { 0x2070, 0x209c }, { 0x2190, 0x22ff } }

local known = {} -- code -> is there a font with it?

local function has_font(code)
  for _, range in ipairs(common) do
    if code >= range[1] and code <= range[2] then return true end
  end
  if known[code] == nil then
    local outcome = process.run { "fc-list", (":charset=%x"):format(code) }
    known[code] = outcome ~= nil and outcome.output ~= ""
  end
  return known[code]
end

--- The line with squares for what can't be drawn.
function glyphs.drawable(line)
  return (line:gsub("[\xc2-\xf4][\x80-\xbf]+", function(letter)
    return not has_font(utf8.codepoint(letter)) and SQUARE or nil
  end))
end

return glyphs
