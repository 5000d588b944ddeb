--- Colours of curves and images.
--
-- Up to eight curves take the palette of Okabe and Ito (2008), made for readers of every colour vision; more
-- take an even walk along viridis (van der Walt & Smith 2015), dark to light, so that neighbours in order are
-- neighbours in colour. The maps of images are viridis, cividis (Nunez, Anderton & Renslow 2018), grays, and
-- ColorBrewer's blue-white-red for numbers of both signs.

local options = require "linnet.options"

local colors = {}

colors.ink, colors.frame, colors.grid, colors.neutral = "#222222", "#555555", "#e4e4e4", "#444444"

local named = {
  blue = "#0072b2", orange = "#e69f00", green = "#009e73", red = "#d55e00", purple = "#cc79a7",
  sky = "#56b4e9", yellow = "#f0e442", black = "#000000", brown = "#8c510a", white = "#ffffff",
  gray = "#808080", grey = "#808080", lightgray = "#c0c0c0", lightgrey = "#c0c0c0",
  darkgray = "#404040", darkgrey = "#404040",
}
local names = {}
for name in pairs(named) do names[#names + 1] = name end
table.sort(names)

-- Yellow is last and darker than theirs: thin lines of it vanish on white.
local cycle = { "blue", "red", "green", "purple", "orange", "sky", "black" }
for i, name in ipairs(cycle) do cycle[i] = named[name] end
cycle[8] = "#b59f00"

local maps = {
  viridis = { "#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58",
    "#b5de2b", "#fde725" },
  cividis = { "#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369",
    "#e1cc55", "#fee838" },
  gray = { "#000000", "#ffffff" },
  diverging = { "#053061", "#2166ac", "#4393c3", "#92c5de", "#d1e5f0", "#f7f7f7", "#fddbc7", "#f4a582",
    "#d6604d", "#b2182b", "#67001f" },
}
colors.maps = { "viridis", "cividis", "gray", "diverging" }

local function channels(hex)
  return tonumber(hex:sub(2, 3), 16), tonumber(hex:sub(4, 5), 16), tonumber(hex:sub(6, 7), 16)
end

--- The colour of a map at 0 <= u <= 1, between its anchors by straight lines.
local function along(anchors, u)
  local place = u * (#anchors - 1)
  local i = math.min(math.floor(place), #anchors - 2)
  local w = place - i
  local r1, g1, b1 = channels(anchors[i + 1])
  local r2, g2, b2 = channels(anchors[i + 2])
  local function mix(a, b) return math.floor(a + (b - a) * w + 0.5) end
  return ("#%02x%02x%02x"):format(mix(r1, r2), mix(g1, g2), mix(b1, b2))
end

--- The colour of curve i of n.
function colors.curve(i, n)
  if n <= #cycle then return cycle[(i - 1) % #cycle + 1] end
  local lightest = 0.9 -- the last tenth is too pale for a line on white
  return along(maps.viridis, (i - 1) / (n - 1) * lightest)
end

--- gnuplot's words for a map.
function colors.palette(map)
  local stops = {}
  for i, color in ipairs(maps[map]) do stops[i] = ("%d '%s'"):format(i - 1, color) end
  return "set palette defined (" .. table.concat(stops, ", ") .. ")"
end

--- Reads a colour: "#rrggbb" (from a name too), or the number of a curve whose colour it shares.
function colors.check(value, call)
  if math.type(value) == "integer" and value >= 1 and value <= 1000 then return value end
  if type(value) == "string" then
    local hex = value:lower():match("^#%x%x%x%x%x%x$")
    return hex or named[options.read({ color = value }, call, { color = names }).color]
  end
  options.fail(call, "color must be a name, '#rrggbb' or the number of a curve (1, 2, ...), got "
    .. options.describe(value))
end

return colors
