--- Texts for gnuplot and their sizes. What a user writes is shown literally: nothing in its constants has a
--- meaning to gnuplot, and it is drawn with `noenhanced`.

local text = {}

text.SHADES = " .:-=+*#%@" -- from low to high, where an image is text

-- A space for control characters, U+FFFD for bytes that are not UTF-8: neither may stand in an SVG file.
local function cleaned(s)
  local parts, at = {}, 1
  while at <= #s do
    local good, bad = utf8.len(s, at)
    if good then bad = #s + 1 end
    parts[#parts + 1] = s:sub(at, bad - 1)
    if bad <= #s then parts[#parts + 1] = "\u{FFFD}" end
    at = bad + 1
  end
  local clean = table.concat(parts):gsub("[\0-\8\11-\31\127]", " ")
  return (clean:gsub("\u{FFFE}", "\u{FFFD}"):gsub("\u{FFFF}", "\u{FFFD}"))
end

--- The lines of a text.
function text.lines(s)
  local lines = {}
  local clean = cleaned((s:gsub("\r\n?", "\n"):gsub("\t", " ")))
  for line in (clean .. "\n"):gmatch("(.-)\n") do lines[#lines + 1] = line end
  return lines
end

--- The whole text on one line.
function text.line(s) return table.concat(text.lines(s), " ") end

--- A string constant of gnuplot's, in which nothing can have a meaning: all but letters, digits and spaces is
--- written as a number.
function text.quote(line)
  return '"' .. line:gsub("[^%w \x80-\xff]", function(c) return ("\\0%03o"):format(c:byte()) end) .. '"'
end

--- The label of a tic, in which gnuplot would read % as a format.
function text.tic(line) return (line:gsub("%%", "%%%%")) end

-- Widths of the ASCII characters from the space on, in hundredths of the font's size: DejaVu Sans, one of the
-- wider.
local ascii = {
  32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34, 64, 64, 64, 64, 64, 64, 64, 64, 64, 64,
  34, 34, 84, 84, 84, 53, 100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79, 60, 79, 69, 63,
  61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50, 50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97,
  63, 61, 63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84
}
local GREEK_AND_OTHERS, SIGN, EAST_ASIAN = 66, 100, 100

--- The width of a line where letters differ in it, in sizes of the font. Enhanced text counts as it is drawn.
function text.width(line)
  local plain = line:gsub("%^%b{}", function(raised) return raised:sub(3, -2) end)
  local width = 0
  for _, code in utf8.codes(plain) do
    local other = code < 0x2000 and GREEK_AND_OTHERS or code < 0x2e80 and SIGN or EAST_ASIAN
    width = width + (ascii[code - 31] or other)
  end
  return width / 100
end

--- The width of a line in a terminal, in character cells.
function text.cells(line)
  local width = 0
  for _, code in utf8.codes(line) do width = width + (code >= 0x2e80 and 2 or 1) end
  return width
end

--- The line, or as much of it as fits into the width `most`, and an ellipsis. measure(line) gives widths.
function text.shorten(line, most, measure)
  if measure(line) <= most then return line end
  local kept, width = {}, measure "…"
  for _, code in utf8.codes(line) do
    local letter = utf8.char(code)
    width = width + measure(letter)
    if width > most then break end
    kept[#kept + 1] = letter
  end
  return table.concat(kept) .. "…"
end

--- Breaks lines at spaces so that each is at most `most` wide; a longer word stays whole.
function text.wrap(lines, most, measure)
  local wrapped = {}
  for _, line in ipairs(lines) do
    local current
    for word in line:gmatch("%S+") do
      local longer = current and current .. " " .. word or word
      if current and measure(longer) > most then
        wrapped[#wrapped + 1] = current
        current = word
      else
        current = longer
      end
    end
    wrapped[#wrapped + 1] = current or ""
  end
  return wrapped
end

return text
