--- Texts for gnuplot and their sizes. What a user writes is shown literally: it reaches gnuplot in single
--- quotes, where nothing but the quote itself means anything, and is drawn with `noenhanced`.

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

--- A string constant of gnuplot's.
function text.quote(line) return "'" .. line:gsub("'", "''") .. "'" end

--- A constant for labels of tics, in which gnuplot reads % as a format.
function text.quote_tic(line) return text.quote((line:gsub("%%", "%%%%"))) end

--- Width in letters of an average text: digits and capitals are wider, East Asian characters twice as wide.
--- Enhanced text counts as it is drawn.
function text.width(line)
  local plain = line:gsub("%^%b{}", function(raised) return raised:sub(3, -2) end)
  local width = 0
  for _, code in utf8.codes(plain) do
    if code >= 0x2e80 then
      width = width + 1.8
    elseif code == 0x20 or code == 0x2c or code == 0x2e or code == 0x69 or code == 0x6a or code == 0x6c then
      width = width + 0.55 -- the narrow ones: space , . i j l
    elseif (code >= 0x30 and code <= 0x39) or (code >= 0x41 and code <= 0x5a) then
      width = width + 1.1
    else
      width = width + 1
    end
  end
  return width
end

--- Breaks lines at spaces so that each is at most `most` letters wide; a longer word stays whole.
function text.wrap(lines, most)
  local wrapped = {}
  for _, line in ipairs(lines) do
    local current
    for word in line:gmatch("%S+") do
      local longer = current and current .. " " .. word or word
      if current and text.width(longer) > most then
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
