local process = require "linnet.process"

-- ---- what a picture shows, read from its SVG ----

local folder

local function read_all(path)
  local file = assert(io.open(path, "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

local function write_all(path, bytes)
  local file = assert(io.open(path, "wb"))
  file:write(bytes)
  file:close()
end

local function exists(path)
  local file = io.open(path)
  if file then file:close() end
  return file ~= nil
end

local function svg_of(p)
  p:save(folder .. "/p.svg")
  return read_all(folder .. "/p.svg")
end

local entities = { lt = "<", gt = ">", amp = "&", quot = '"', apos = "'" }

--- The texts of an SVG file as a set: text -> how often. Text in several sizes counts as one.
local function texts_of(svg)
  local set = {}
  for content in svg:gmatch "<text>(.-)</text>" do
    local text = content:gsub("<[^>]*>", ""):gsub("&(%a+);", entities)
    set[text] = (set[text] or 0) + 1
  end
  return set
end

--- The plotted elements: { title =, stroke =, strokes = (lists of {x, y}), dot_color =, dots = (a list of {x, y}) }.
local function elements_of(svg)
  local list = {}
  for body in svg:gmatch '<g id="gnuplot_plot_%d+%a*" >(.-)\n\t</g>' do
    local element = { title = body:match "^<title>(.-)</title>", strokes = {}, dots = {} }
    for stroke, d in body:gmatch "<path stroke='([^']*)'.-d='([^']*)'" do
      element.stroke = element.stroke or stroke
      for piece in d:gmatch "M[^M]+" do
        local points = {}
        for x, y in piece:gmatch "([%d.]+),([%d.]+)" do points[#points + 1] = { tonumber(x), tonumber(y) } end
        table.insert(element.strokes, points)
      end
    end
    for x, y, color in body:gmatch "href='#gpPt6' transform='translate%(([%d.]+),([%d.]+)%)[^>]-color='([^']*)'" do
      element.dot_color = color
      table.insert(element.dots, { tonumber(x), tonumber(y) })
    end
    list[#list + 1] = element
  end
  return list
end

local function titled(elements, title)
  for _, element in ipairs(elements) do
    if element.title == title then return element end
  end
  error("no element has the title " .. title)
end

local PIXEL = 0.02 -- gnuplot writes hundredths of one

setup(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(process.run { "mkdir", folder }.status == 0)
end)

teardown(function() process.run { "rm", "-r", folder } end)

-- ---- tests ----

describe("plot: curves", function()
  it("puts points where their numbers are", function()
    local element = elements_of(svg_of(plot.new {}:lines({ 0, 1, 4 }, { 0, 1, 3 }, { label = "a" })))[1]
    local a, b, c = table.unpack(element.strokes[1])
    assert.equal(1, #element.strokes)
    assert.is_true(math.abs((b[1] - a[1]) / (c[1] - a[1]) - 1 / 4) < PIXEL / 100)
    assert.is_true(math.abs((b[2] - a[2]) / (c[2] - a[2]) - 1 / 3) < PIXEL / 100)
    assert.is_true(c[1] > a[1] and c[2] < a[2]) -- an SVG's y goes down
  end)

  it("spaces powers of ten evenly on logarithmic axes", function()
    local p = plot.new { x = "log", y = "log" }:lines({ 1, 10, 1000 }, { 1e-3, 1e-2, 1 })
    local a, b, c = table.unpack(elements_of(svg_of(p))[1].strokes[1])
    for axis = 1, 2 do
      assert.is_true(math.abs((b[axis] - a[axis]) / (c[axis] - a[axis]) - 1 / 3) < PIXEL / 100)
    end
    local texts = texts_of(svg_of(p))
    for _, label in ipairs { "100", "101", "102", "103", "10−3", "10−2", "10−1" } do
      assert.is_truthy(texts[label], label)
    end
  end)

  it("draws each column of Y, from matrices, lists and rows alike", function()
    local t = matrix.linspace(0, 1, 5)
    local Y = random.stream(1):uniform(5, 3)
    local from_matrix = svg_of(plot.new {}:lines(t, Y, { label = "k" }))
    assert.equal(3, #elements_of(from_matrix))
    assert.equal(from_matrix, svg_of(plot.new {}:lines(t:totable(), Y:totable(), { label = "k" })))
    assert.equal(from_matrix, svg_of(plot.new {}:lines(t.T, Y, { label = "k" })))
  end)

  it("takes a row of numbers as one curve", function()
    local elements = elements_of(svg_of(plot.new {}:lines({ 1, 2, 3 }, matrix { { 4, 5, 6 } })))
    assert.equal(1, #elements)
    assert.equal(3, #elements[1].strokes[1])
  end)

  it("takes x for each curve from a matrix of the same shape", function()
    local elements = elements_of(svg_of(plot.new {}:lines({ { 0, 5 }, { 10, 10 } }, { { 0, 0 }, { 1, 1 } })))
    local a, b = elements[1].strokes[1], elements[2].strokes[1]
    assert.is_true(math.abs((b[1][1] - a[1][1]) / (a[2][1] - a[1][1]) - 0.5) < PIXEL / 100)
  end)

  it("leaves a gap at NaN, infinities and what a logarithmic axis can't show", function()
    for _, hole in ipairs { 0 / 0, 1 / 0, -1 / 0 } do
      local elements = elements_of(svg_of(plot.new {}:lines({ 1, 2, 3, 4, 5 }, { 1, 2, hole, 4, 5 })))
      assert.equal(2, #elements[1].strokes)
    end
    for _, hole in ipairs { 0, -3 } do
      local elements = elements_of(svg_of(plot.new { y = "log" }:lines({ 1, 2, 3, 4, 5 }, { 1, 2, hole, 4, 5 })))
      assert.equal(2, #elements[1].strokes)
    end
  end)

  it("shows each n-th point from the first", function()
    local t = matrix.range(1, 21)
    assert.equal(5, #elements_of(svg_of(plot.new {}:points(t, t, { every = 5 })))[1].dots)
    assert.equal(3, #elements_of(svg_of(plot.new {}:lines(t, t, { every = 10 })))[1].strokes[1])
  end)

  it("shows the extremes of a curve with more points than pixels", function()
    local n = 200001
    local y = matrix.zeros(n)
    y[70001], y[150001] = 1, -2
    local strokes = elements_of(svg_of(plot.new { ylim = { -2, 1 } }:lines(matrix.linspace(0, 1, n), y)))[1].strokes
    local low, high, count = math.huge, -math.huge, 0
    for _, points in ipairs(strokes) do
      for _, point in ipairs(points) do low, high, count = math.min(low, point[2]), math.max(high, point[2]), count + 1 end
    end
    local other = elements_of(svg_of(plot.new { ylim = { -2, 1 } }:lines({ 0, 1 }, { -2, 1 })))[1].strokes[1]
    assert.is_true(math.abs(high - other[1][2]) < PIXEL and math.abs(low - other[2][2]) < PIXEL)
    assert.is_true(count < 10000)
  end)

  it("is not changed by later changes of the data", function()
    local Y = matrix.ones(3, 1)
    local p = plot.new {}:lines({ 1, 2, 3 }, Y)
    local before = svg_of(p)
    Y:fill(7)
    assert.equal(before, svg_of(p))
  end)
end)

describe("plot: colours and legends", function()
  local t, Y = { 0, 1, 2 }, { { 1, 2, 3 }, { 1, 2, 3 }, { 1, 2, 3 } }

  it("gives the k-th column of theory and of training the same colour, and one entry each", function()
    local svg = svg_of(plot.new {}:lines(t, Y, { label = "theory" }):points(t, Y, { label = "training" }))
    local elements, texts = elements_of(svg), texts_of(svg)
    for k = 1, 3 do
      local line = titled(elements, "theory " .. k)
      assert.equal(line.stroke, titled(elements, "training " .. k).dot_color)
      if k > 1 then assert.not_equal(line.stroke, titled(elements, "theory " .. k - 1).stroke) end
    end
    assert.equal(1, texts.theory)
    assert.equal(1, texts.training)
  end)

  it("gives curves with names of their own different colours, however they are added", function()
    local p = plot.new {}:lines(t, { 1, 2, 3 }, { label = "one" })
      :lines(t, { { 1, 2 }, { 1, 2 }, { 1, 2 } }, { label = { "two", "three" } }):points(t, t, { label = "four" })
    local seen, texts = {}, texts_of(svg_of(p))
    for _, element in ipairs(elements_of(svg_of(p))) do
      local color = element.stroke or element.dot_color
      assert.is_nil(seen[color])
      seen[color] = true
      assert.equal(1, texts[element.title])
    end
  end)

  it("tells any number of curves apart", function()
    for _, count in ipairs { 8, 9, 40 } do
      local rows = { {}, {} }
      for k = 1, count do rows[1][k], rows[2][k] = k, k end
      local seen, different = {}, 0
      for _, element in ipairs(elements_of(svg_of(plot.new {}:lines({ 0, 1 }, rows)))) do
        if not seen[element.stroke] then different = different + 1 end
        seen[element.stroke] = true
      end
      assert.equal(count, different)
    end
  end)

  it("takes colours by name, by #rrggbb, and of another curve", function()
    local svg = svg_of(plot.new {}:lines(t, t, { color = "#12aB0f" }):lines(t, t, { color = "red" })
      :lines(t, t, { color = 2 }):lines(t, { { 1, 2 }, { 1, 2 }, { 1, 2 } }, { color = { "black", "#010203" } }))
    local elements = elements_of(svg)
    assert.equal("rgb( 18, 171,  15)", elements[1].stroke)
    assert.equal("rgb(213,  94,   0)", elements[2].stroke)
    assert.equal("rgb(213,  94,   0)", elements[3].stroke) -- the palette's second
    assert.equal("rgb(  1,   2,   3)", elements[5].stroke)
  end)

  it("gives the j-th band the colour of the j-th curve, before or behind it", function()
    local function strokes_and_fills(p)
      local svg = svg_of(p)
      local fills = {}
      for color in svg:gmatch "fill%-opacity[^>]-'(rgb%([^)]*%))'" do fills[#fills + 1] = color end
      for color in svg:gmatch "fill = '(rgb%([^)]*%))'" do fills[#fills + 1] = color end
      local strokes = {}
      for _, element in ipairs(elements_of(svg)) do
        if element.title then strokes[#strokes + 1] = element.stroke end
      end
      return strokes, fills
    end
    local low, high = { 0, 0, 0 }, { 2, 2, 2 }
    local strokes, fills = strokes_and_fills(plot.new { legend = "none" }:band(t, low, high):lines(t, t, { label = "a" })
      :lines(t, t, { label = "b" }):band(t, low, high))
    assert.same(strokes, fills)
    assert.equal(2, #fills)
    assert.not_equal(strokes[1], strokes[2])
  end)

  it("writes no entry for what has no label, and none at all if it is told so", function()
    for _, legend in ipairs { "none", false } do
      assert.is_nil(texts_of(svg_of(plot.new { legend = legend }:lines(t, t, { label = "hidden" }))).hidden)
    end
    assert.equal(1, texts_of(svg_of(plot.new { legend = true }:lines(t, t, { label = "shown" }))).shown)
    local count = 0
    for _ in pairs(texts_of(svg_of(plot.new { xlim = { 0, 1 }, ylim = { 0, 1 } }:lines(t, t)))) do count = count + 1 end
    assert.is_true(count <= 6 + 6) -- labels of tics only
  end)

  it("keeps the legend off what is drawn: in a free corner, else beside the panel", function()
    local corners = { { 9.2, 9.45 }, { 9.2, 0.55 }, { 0.8, 9.45 }, { 0.8, 0.55 } }
    -- Where the label stands, with dots in the first `taken` of the corners.
    local function place(taken)
      local p = plot.new { xlim = { 0, 10 }, ylim = { 0, 10 } }:hline(5, { label = "here" })
      for k = 1, taken do p:points(table.unpack(corners[k])) end
      local svg = svg_of(p)
      for x, y, body in svg:gmatch '<g transform="translate%(([%d.]+),([%d.]+)%)".-<text>(.-)</text>' do
        if body == "here" then
          local line = titled(elements_of(svg), "here").strokes[1]
          return tonumber(x) - line[#line][1], tonumber(y) - line[1][2]
        end
      end
    end
    local right_of_panel, below_middle = place(0)
    assert.is_true(right_of_panel < 0 and right_of_panel > -100 and below_middle < -100)
    right_of_panel, below_middle = place(1)
    assert.is_true(right_of_panel < 0 and right_of_panel > -100 and below_middle > 100)
    right_of_panel, below_middle = place(2)
    assert.is_true(right_of_panel < -400 and below_middle < -100)
    right_of_panel, below_middle = place(3)
    assert.is_true(right_of_panel < -400 and below_middle > 100)
    assert.is_true(place(4) > 0)
  end)
end)

describe("plot: other items", function()
  it("draws error bars from y - dy to y + dy", function()
    local p = plot.new {}:errorbars({ 1, 2 }, { 5, 6 }, { 1, 2 }):lines({ 1, 2 }, { 4, 8 }, { label = "ends" })
    local elements = elements_of(svg_of(p))
    local ends = titled(elements, "ends").strokes[1]
    local bars = elements[1].strokes
    assert.equal(2, #bars)
    assert.is_true(math.abs(bars[1][1][2] - ends[1][2]) < PIXEL) -- 5 - 1
    assert.is_true(math.abs(bars[2][2][2] - ends[2][2]) < PIXEL) -- 6 + 2
    assert.equal(2, #elements[2].dots)
  end)

  it("draws rules across the whole panel", function()
    local elements = elements_of(svg_of(plot.new { xlim = { 0, 4 }, ylim = { 0, 2 } }:hline(1, { label = "h" })
      :vline(1, { label = "v" }):lines({ 0, 4 }, { 0, 2 }, { label = "corners" })))
    local h, v = titled(elements, "h").strokes[1], titled(elements, "v").strokes[1]
    local low, high = table.unpack(titled(elements, "corners").strokes[1])
    local function near(a, b) return math.abs(a - b) < PIXEL end
    assert.is_true(near(h[1][1], low[1]) and near(h[#h][1], high[1]) and near(h[1][2], (low[2] + high[2]) / 2))
    assert.is_true(near(v[1][1], low[1] + (high[1] - low[1]) / 4))
  end)

  it("draws paths with a dot and a name at their ends", function()
    local X, Y = { { 0, 0 }, { 1, -1 }, { 2, -3 } }, { { 0, 0 }, { 1, 1 }, { 4, 2 } }
    local svg = svg_of(plot.new {}:paths(X, Y, { labels = { "right", "left" } }))
    local texts, elements = texts_of(svg), elements_of(svg)
    assert.equal(1, texts.right)
    assert.equal(1, texts.left)
    local path, dot = elements[1], elements[2].dots[1]
    assert.same(path.strokes[1][3], dot)
  end)

  it("shows a matrix as an image with row 1 on top", function()
    local svg = svg_of(plot.new {}:image({ { 0, 1, 2 }, { 3, 4, 10 } }, { map = "gray", colorbar = false }))
    local cells = {}
    for color, x, y in svg:gmatch "<polygon fill = 'rgb%(%s*(%d+),[^)]*%)' points = '([%d.]+),([%d.]+)" do
      cells[#cells + 1] = { tonumber(color), tonumber(x), tonumber(y) }
    end
    assert.equal(6, #cells)
    table.sort(cells, function(a, b) return a[3] < b[3] - 1 or (math.abs(a[3] - b[3]) <= 1 and a[2] < b[2]) end)
    for k, value in ipairs { 0, 1, 2, 3, 4, 10 } do
      assert.is_true(math.abs(cells[k][1] - 25.5 * value) <= 3, "cell " .. k)
    end
    local width, height = cells[2][2] - cells[1][2], cells[4][3] - cells[1][3]
    assert.is_true(math.abs(width - height) < 1) -- square
  end)

  it("centres the colours of an image with both signs on 0", function()
    local svg = svg_of(plot.new {}:image({ { -1, 0, 4 }, { -1, 0, 4 } }, { colorbar = false }))
    local colors = {}
    for r, g, b in svg:gmatch "<polygon fill = 'rgb%(%s*(%d+),%s*(%d+),%s*(%d+)%)'" do
      colors[#colors + 1] = { tonumber(r), tonumber(g), tonumber(b) }
    end
    local minus, zero, plus = colors[1], colors[2], colors[3]
    for k = 1, 3 do assert.is_true(zero[k] > 240) end
    assert.is_true(minus[3] > minus[1] and plus[1] > plus[3] + 50) -- blue and red
  end)

  it("names the rows and columns of an image, and its colour bar", function()
    local texts = texts_of(svg_of(plot.new {}:image(matrix.ones(2, 3),
      { xlabels = { "a%b", "c_d", "e^2" }, ylabels = { "`f`", "$g" }, colorbar = "@h" })))
    for _, name in ipairs { "a%b", "c_d", "e^2", "`f`", "$g", "@h" } do assert.equal(1, texts[name], name) end
  end)

  it("takes curves and a legend over an image", function()
    for _, legend in ipairs { "right", "top left", true } do
      local svg = svg_of(plot.new { legend = legend }:image(matrix.ones(4, 4)):lines({ 1, 4 }, { 1, 4 }, { label = "diagonal" }))
      assert.equal(1, texts_of(svg).diagonal)
      local line = titled(elements_of(svg), "diagonal").strokes[1]
      assert.is_true(line[2][2] > line[1][2]) -- row 4 is below row 1
    end
  end)

  it("stands bars at 1, 2, ... where no places are given", function()
    for _, y in ipairs { { 3, 1, 2 }, matrix { 3, 1, 2 }, matrix { { 3, 1, 2 } } } do
      assert.equal(svg_of(plot.new {}:bars({ 1, 2, 3 }, { 3, 1, 2 })), svg_of(plot.new {}:bars(y)))
    end
    assert.error_matches(function() plot.new {}:bars "x" end, "plot:bars: Y must be a matrix or a list")
  end)

  it("stands bars side by side, with names below", function()
    local svg = svg_of(plot.new {}:bars({ "pine", "oak" }, { { 1, 2 }, { 3, 4 } }, { label = { "a", "b" } }))
    local texts, boxes = texts_of(svg), {}
    assert.equal(1, texts.pine)
    assert.equal(1, texts.oak)
    for x, y in svg:gmatch "<polygon fill = '[^']*' points = '([%d.]+),([%d.]+)" do
      boxes[#boxes + 1] = { tonumber(x), tonumber(y) }
    end
    table.sort(boxes, function(a, b) return a[1] < b[1] end)
    assert.is_true(#boxes >= 4)
  end)

  it("writes text at a point, line by line", function()
    local texts = texts_of(svg_of(plot.new {}:lines({ 0, 1 }, { 0, 1 }):text(0.5, 0.5, "first\nsecond")
      :text({ 0, 1 }, { 1, 0 }, { "up", "down" })))
    for _, line in ipairs { "first", "second", "up", "down" } do assert.equal(1, texts[line]) end
  end)
end)

describe("plot: text", function()
  local nasty = {
    "it's", "''", "'", '"double"', "\\", "\\n", "a\\", "`date`", "$HOME", "${x}", "_a_b", "x^{2}", "{/Bold y}", "@x",
    "%", "%%", "%d %s", "100%", "<b>&amp;</b>", "&", "é ü 漢字 Ω", "#", ";", "!ls", "| cat", "# comment", "{", "}",
    "a; exit", "'; system('ls'); '", "EOD", "\u{2028}",
  }

  it("of titles, labels and legends is shown literally", function()
    for _, s in ipairs(nasty) do
      local svg = svg_of(plot.new { title = s, xlabel = s, ylabel = s }:lines({ 1, 2 }, { 1, 2 }, { label = s })
        :text(1.5, 1.5, s))
      assert.equal(5, texts_of(svg)[s], s)
    end
  end)

  it("of names at tics is shown literally", function()
    local names = {}
    for i, s in ipairs(nasty) do names[i] = s end
    local texts = texts_of(svg_of(plot.new { size = { 6, 12 } }:image(matrix.ones(#names, 3), { ylabels = names })))
    for _, s in ipairs(names) do assert.equal(1, texts[s], s) end
  end)

  it("may have several lines and any bytes", function()
    local svg = svg_of(plot.new { title = "one\ntwo\r\nthree", xlabel = "bad \255\1 bytes\0!" }:lines({ 1, 2 }, { 1, 2 }))
    local texts = texts_of(svg)
    for _, line in ipairs { "one", "two", "three" } do assert.equal(1, texts[line]) end
    assert.equal(1, texts["bad � bytes !"])
    assert.is_truthy(utf8.len(svg))
    assert.is_nil(svg:find "[\0-\8\11\12\14-\31]")
  end)

  it("is drawable in every format", function()
    local all = table.concat(nasty, " ")
    local p = plot.new { title = all, size = { 6, 6 } }:lines({ 1, 2 }, { 1, 2 }, { label = all })
    p:save(folder .. "/n.png"):save(folder .. "/n.pdf"):save(folder .. "/n.txt")
  end)

  it("names the picture and its curves in the file", function()
    local svg = svg_of(plot.new { title = "a < b & c" }:lines({ 1, 2 }, { 1, 2 }, { label = "x<y" }):lines({ 1, 2 }, { 1, 2 }))
    assert.is_truthy(svg:find("<title>a &lt; b &amp; c</title>", 1, true))
    assert.is_truthy(svg:find("<title>x&lt;y</title>", 1, true))
    assert.is_nil(svg:find "<title>[Gg]nuplot")
  end)
end)

describe("plot: axes", function()
  local function labels(o, x, y)
    return texts_of(svg_of(plot.new(o):lines(x, y)))
  end

  it("write just the digits that tell their tics apart", function()
    local texts = labels({}, { 0, 1 }, { 0, 40 })
    assert.is_truthy(texts["0"] and texts["10"] and texts["40"] and texts["0.2"])
    texts = labels({}, { 0, 1 }, { 99999.5, 99999.9 })
    assert.is_truthy(texts["99999.6"])
  end)

  it("write large and small numbers with powers of ten", function()
    local texts = labels({}, { 0, 4e-7 }, { 0, 3e6 })
    assert.is_truthy(texts["1×106"] or texts["1.0×106"])
    assert.is_truthy(texts["1×10−7"] or texts["2×10−7"])
  end)

  it("write negative numbers with a minus sign", function()
    assert.is_truthy(labels({}, { 0, 1 }, { -2, 2 })["−2"])
  end)

  it("have tics within a decade, and few of many decades", function()
    local texts = labels({ y = "log" }, { 0, 1 }, { 0.2, 0.9 })
    assert.is_truthy(texts["0.2"] and texts["0.5"])
    texts = labels({ y = "log" }, { 0, 1 }, { 1e-200, 1e200 })
    local count = 0
    for text in pairs(texts) do count = count + (text:find "^10" and 1 or 0) end
    assert.is_true(count >= 4 and count <= 12)
  end)

  it("cover one number, a constant and extreme ranges", function()
    for _, y in ipairs { { 5, 5 }, { 0, 0 }, { -1e-300, 1e-300 }, { -1e299, 1e299 }, { 1e17, 1e17 + 16 }, { 3, 3 + 1e-15 } } do
      svg_of(plot.new {}:lines({ 1, 2 }, y))
      svg_of(plot.new {}:points(1, y[1]))
    end
    for _, y in ipairs { { 1e-300, 1e300 }, { 1e-300, 1e-300 }, { 1e300, 1e300 }, { 1, 1 + 1e-12 } } do
      svg_of(plot.new { x = "log", y = "log" }:paths(y, y, { labels = { "a long name" } }))
    end
  end)

  it("keep the limits that are given", function()
    local strokes = elements_of(svg_of(plot.new { xlim = { 0, 10 }, ylim = { -1, 1 } }:lines({ 0, 10 }, { -1, 1 })))[1].strokes
    local inside = elements_of(svg_of(plot.new { xlim = { 0, 10 }, ylim = { -1, 1 } }:lines({ 0, 5 }, { -1, 0 })))[1].strokes
    assert.is_true(math.abs((inside[1][2][1] - strokes[1][1][1]) * 2 - (strokes[1][2][1] - strokes[1][1][1])) < 2 * PIXEL)
  end)

  it("show the y range of what lies within xlim", function()
    local texts = labels({ xlim = { 0, 1 } }, { 0, 1, 2 }, { 0, 1, 1000 })
    assert.is_truthy(texts["0.2"])
    assert.is_nil(texts["1000"])
  end)
end)

describe("plot: files", function()
  local function simple() return plot.new { title = "t" }:lines({ 1, 2 }, { 1, 2 }, { label = "a" }) end

  it("are of the kind that their ending says", function()
    for ending, start in pairs { svg = "<?xml", png = "\137PNG\r\n", pdf = "%PDF-1", SVG = "<?xml" } do
      local path = folder .. "/k." .. ending
      simple():save(path)
      assert.equal(start, read_all(path):sub(1, #start))
    end
    simple():save(folder .. "/k.txt")
    assert.is_truthy(read_all(folder .. "/k.txt"):find "%*%*%*")
    assert.is_nil(read_all(folder .. "/k.txt"):find "[\f\27]")
  end)

  it("have the same bytes each time", function()
    for _, ending in ipairs { "svg", "png", "txt" } do
      simple():save(folder .. "/one." .. ending)
      simple():save(folder .. "/two." .. ending)
      assert.equal(read_all(folder .. "/one." .. ending), read_all(folder .. "/two." .. ending))
    end
  end)

  it("have the size that is asked for", function()
    local function size_of_png(p)
      p:save(folder .. "/s.png")
      return string.unpack(">I4I4", read_all(folder .. "/s.png"), 17)
    end
    local width, height = size_of_png(simple())
    assert.same({ 1152, 768 }, { width, height }) -- 6 x 4 inches of 192 pixels
    width, height = size_of_png(plot.new { size = { 3, 2.5 } }:lines({ 1, 2 }, { 1, 2 }))
    assert.same({ 576, 480 }, { width, height })
    assert.is_truthy(svg_of(plot.new { size = { 8, 3 } }:lines({ 1, 2 }, { 1, 2 })):find('width="768" height="288"', 1, true))
  end)

  it("may have any name", function()
    for _, name in ipairs { "a b.svg", "it's.svg", "|touch x.svg", "`date`.svg", "$HOME.svg", "-f.svg", "é.svg", "~x.svg" } do
      simple():save(folder .. "/" .. name)
      assert.is_truthy(read_all(folder .. "/" .. name):find "^<%?xml", name)
    end
  end)

  it("are left as they were when the picture fails", function()
    local path = folder .. "/kept.svg"
    write_all(path, "old")
    assert.error_matches(function() plot.new {}:save(path) end, "plot:save: the plot is empty")
    assert.equal("old", read_all(path))
    simple():save(path)
    assert.not_equal("old", read_all(path))
  end)

  it("are refused where they can't be written, with a reason", function()
    assert.error_matches(function() simple():save(folder .. "/none/x.svg") end, "^[^\n]*plot:save: .*none/x.svg.*No such file")
    assert.error_matches(function() simple():save "x.jpg" end, "plot:save: 'x.jpg' must end in .svg, .png, .pdf or .txt")
    assert.error_matches(function() simple():save "x" end, "plot:save: 'x' must end in")
    assert.error_matches(function() simple():save(7) end, "plot:save: a file name is needed, got 7")
    assert.error_matches(function() simple():save("a\0b.svg") end, "zero byte")
    assert.is_false(exists "x.jpg")
  end)
end)

describe("plot: grids", function()
  local function simple(title) return plot.new { title = title }:lines({ 1, 2 }, { 1, 2 }, { label = title .. "!" }) end

  it("hold the panels, a title, and nothing in an empty place", function()
    local svg = svg_of(plot.grid { { simple "p1", simple "p2" }, { false, simple "p3" }, title = "whole" })
    local texts = texts_of(svg)
    for _, title in ipairs { "p1", "p2", "p3", "whole", "p1!", "p2!", "p3!" } do assert.equal(1, texts[title], title) end
  end)

  it("align their panels in rows and columns whatever their labels", function()
    local wide = plot.new { ylabel = "y", title = "a\nb" }:lines({ 0, 1 }, { 0.12345e-8, 0.12346e-8 })
    local narrow = plot.new {}:lines({ 0, 1 }, { 0, 1 })
    local svg = svg_of(plot.grid { { wide, narrow }, { narrow, wide } })
    local left, right = {}, {}
    for _, element in ipairs(elements_of(svg)) do
      local points = element.strokes[1]
      left[#left + 1], right[#right + 1] = points[1][1], points[#points][1]
    end
    assert.equal(4, #left)
    assert.is_true(math.abs(left[1] - left[3]) < PIXEL and math.abs(right[1] - right[3]) < PIXEL)
    assert.is_true(math.abs(left[2] - left[4]) < PIXEL and math.abs(right[2] - right[4]) < PIXEL)
    assert.is_true(math.abs((right[1] - left[1]) - (right[2] - left[2])) < PIXEL)
  end)

  it("say which panel is wrong", function()
    assert.error_matches(function() plot.grid { { simple "a", plot.new {} } }:save(folder .. "/g.svg") end,
      "plot:save: row 1, column 2: the plot is empty")
    assert.error_matches(function() plot.grid { { simple "a", 7 } } end, "plot.grid: row 1, column 2 must be a plot or false, got 7")
    assert.error_matches(function() plot.grid { simple "a" } end, "plot.grid: row 1 must be a list of plots")
    assert.error_matches(function() plot.grid {} end, "plot.grid: rows of plots are needed")
    assert.error_matches(function() plot.grid(nil) end, "plot.grid: rows of plots are needed.*got nil")
    assert.error_matches(function() plot.grid { { simple "a" }, titel = "x" } end, "plot.grid: unknown option 'titel'; did you mean 'title'")
  end)

  it("refuse a size without room for the panels", function()
    assert.error_matches(function() plot.grid { { simple "a", simple "b" }, size = { 1, 1 } }:save(folder .. "/g.svg") end,
      "plot:save: the size leaves no room")
  end)
end)

describe("plot: in the terminal", function()
  local function run_linnet(script, env)
    return process.run { os.getenv "LINNET", "-e", script, env = env }
  end

  it("is as wide as COLUMNS, or 80", function()
    local script = "plot.new { title = 'T', xlabel = 'x' }:lines({1, 2, 3}, {1, 4, 9}, { label = 'squares' }):show()"
    for columns, expected in pairs { [""] = 80, ["120"] = 120, nonsense = 80, ["7"] = 40 } do
      local outcome = run_linnet(script, { COLUMNS = columns })
      assert.equal(0, outcome.status)
      local widest = 0
      for line in outcome.output:gmatch "[^\n]+" do widest = math.max(widest, utf8.len(line)) end
      assert.is_true(widest <= expected and widest > expected - 20, columns)
      assert.is_truthy(outcome.output:find "squares")
    end
  end)

  it("shows images in shades", function()
    local outcome = run_linnet("plot.new {}:image { { 0, 1 }, { 1, 0 } }:show()")
    assert.is_truthy(outcome.output:find "@@@@" and outcome.output:find "0 [^\n]*@ 1")
  end)

  it("says what to install where gnuplot is missing, and all else works", function()
    local outcome = run_linnet([[
      local p = plot.new {}:lines({1, 2}, {1, 2})
      print(tostring(p), plot.grid { { p } })
      print(pcall(p.show, p))
      print(pcall(p.save, p, "]] .. folder .. [[/missing.svg"))
      print(matrix.ones(2):sum())]], { PATH = folder })
    assert.equal(0, outcome.status)
    assert.is_truthy(outcome.output:find "plot %(1 item%)")
    assert.is_truthy(outcome.output:find "false[^\n]*plot:show: gnuplot [^\n]*not installed[^\n]*gnuplot%-nox")
    assert.is_truthy(outcome.output:find "false[^\n]*plot:save: gnuplot [^\n]*not installed[^\n]*gnuplot%-nox")
    assert.is_truthy(outcome.output:find "\n2")
    assert.is_false(exists(folder .. "/missing.svg"))
  end)

  it("reports what gnuplot says when it fails, and keeps the old picture", function()
    local bin = folder .. "/bin"
    process.run { "mkdir", bin }
    write_all(bin .. "/gnuplot", "#!/bin/sh\necho partial\nprintf 'gnuplot> plot x\\n             ^\\n' >&2\n"
      .. "echo 'line 3: undefined variable: x' >&2\nexit 1\n")
    process.run { "chmod", "+x", bin .. "/gnuplot" }
    write_all(folder .. "/old.svg", "old")
    local outcome = run_linnet("plot.new {}:lines({1, 2}, {1, 2}):save '" .. folder .. "/old.svg'",
      { PATH = bin .. ":" .. os.getenv "PATH" })
    assert.equal(1, outcome.status)
    assert.is_truthy(outcome.errors:find "plot:save: gnuplot failed %(status 1%): line 3: undefined variable: x")
    assert.equal("old", read_all(folder .. "/old.svg"))
  end)

  it("doesn't depend on the user's own gnuplot settings and language", function()
    write_all(folder .. "/.gnuplot", "set title 'mine'\nset border 0\n")
    local script = "plot.new { title = 'é' }:lines({1, 2}, {1.5, 2.5}):save '%s'"
    local a, b = folder .. "/env1.svg", folder .. "/env2.svg"
    run_linnet(script:format(a))
    run_linnet(script:format(b), { HOME = folder, LC_ALL = "de_DE.UTF-8", GNUTERM = "dumb" })
    assert.equal(read_all(a), read_all(b))
  end)
end)

describe("plot: wrong input", function()
  local nan, inf = 0 / 0, 1 / 0
  local t, y = { 1, 2, 3 }, { 1, 4, 9 }
  local new = plot.new
  local cases = {
    { "plot.new: unknown option 'titel'; did you mean 'title'", function() new { titel = "x" } end },
    { "plot.new: title must be a string, got 7", function() new { title = 7 } end },
    { "plot.new: options have names", function() new { "x" } end },
    { "plot.new: a table of options is needed.*got the string 'x'", function() new "x" end },
    { "plot.new: x = 'logarithm' is not known", function() new { x = "logarithm" } end },
    { "plot.new: xlim must be { low, high } with low < high", function() new { xlim = { 2, 1 } } end },
    { "plot.new: xlim must be { low, high }", function() new { xlim = { 1 } } end },
    { "plot.new: ylim must be a matrix or a list of numbers, got the string '3'", function() new { ylim = "3" } end },
    { "plot.new: ylim: %-1.0 can't be on a logarithmic axis", function() new { y = "log", ylim = { -1, 1 } } end },
    { "plot.new: ylim: NaN can't be on an axis", function() new { ylim = { nan, 1 } } end },
    { "plot.new: ylim: %-?inf can't be on an axis", function() new { ylim = { -inf, 1 } } end },
    { "plot.new: size must be { width, height } in inches", function() new { size = { 600, 400 } } end },
    { "plot.new: size must be { width, height }", function() new { size = { 0, 4 } } end },
    { "plot.new: legend = 'left top' is not known", function() new { legend = "left top" } end },
    { "plot:lines: x has 10 numbers and Y has 9 rows", function() new {}:lines(matrix.range(1, 10), matrix.ones(9, 2)) end },
    { "plot:lines: x has 1 number and Y has 2 rows", function() new {}:lines(1, { 1, 2 }) end },
    { "plot:lines: x is empty", function() new {}:lines({}, {}) end },
    { "plot:lines: x is empty", function() new {}:lines(matrix.zeros(3, 0), matrix.ones(3, 1)) end },
    { "plot:lines: Y is needed", function() new {}:lines(t) end },
    { "plot:lines: x must be a matrix or a list of numbers, got nil", function() new {}:lines(nil, y) end },
    { "plot:lines: Y%[2%] must be a number, got the string 'a'", function() new {}:lines(t, { 1, "a", 3 }) end },
    { "plot:lines: x has 2 columns and Y has 3", function() new {}:lines(matrix.ones(4, 2), matrix.ones(4, 3)) end },
    { "plot:lines: nothing can be drawn: in every point x or y is NaN", function() new {}:lines(t, { nan, inf, nan }) end },
    { "plot:lines: nothing can be drawn: on a logarithmic axis", function() new { y = "log" }:lines(t, { 0, -1, -2 }) end },
    { "plot:points: nothing can be drawn: on a logarithmic axis", function() new { x = "log" }:points({ -1, 0 }, { 1, 1 }) end },
    { "plot:lines: unknown option 'lable'; did you mean 'label'", function() new {}:lines(t, y, { lable = "a" }) end },
    { "plot:lines: label must be a string or a list of strings, got 5", function() new {}:lines(t, y, { label = 5 }) end },
    { "plot:lines: label has 3 strings; 1 are needed", function() new {}:lines(t, y, { label = { "a", "b", "c" } }) end },
    { "plot:lines: label%[1%] must be a string, got 1", function() new {}:lines(t, y, { label = { 1 } }) end },
    { "plot:lines: color = 'bleu' is not known", function() new {}:lines(t, y, { color = "bleu" }) end },
    { "plot:lines: color = '#12345' is not known", function() new {}:lines(t, y, { color = "#12345" }) end },
    { "plot:lines: color must be a name", function() new {}:lines(t, y, { color = 0 }) end },
    { "plot:lines: color must be a name", function() new {}:lines(t, y, { color = 1.5 }) end },
    { "plot:lines: color has 2 colours for 1 curves", function() new {}:lines(t, y, { color = { "red", "blue" } }) end },
    { "plot:lines: style = 'dots' is not known", function() new {}:lines(t, y, { style = "dots" }) end },
    { "plot:lines: every = 0: must be at least 1", function() new {}:lines(t, y, { every = 0 }) end },
    { "plot:lines: every must be a whole number, got 1.5", function() new {}:lines(t, y, { every = 1.5 }) end },
    { "plot:lines: is a plot's method; call it with a colon", function() new {}.lines(t, y) end },
    { "plot:points: unknown option 'style'", function() new {}:points(t, y, { style = "dashed" }) end },
    { "plot:errorbars: dy is needed", function() new {}:errorbars(t, y) end },
    { "plot:errorbars: dy must not be negative; number 2 is %-1", function() new {}:errorbars(t, y, { 1, -1, 1 }) end },
    { "plot:errorbars: x has 3 numbers and dy has 2 rows", function() new {}:errorbars(t, y, { 1, 2 }) end },
    { "plot:band: high is needed", function() new {}:band(t, y) end },
    { "plot:band: low has 1 columns and high has 2", function() new {}:band(t, y, matrix.ones(3, 2)) end },
    { "plot:band: x has 3 numbers and low has 2 rows", function() new {}:band(t, { 1, 2 }, y) end },
    { "plot:bars: width must be between 0 and 1, got 2", function() new {}:bars(t, y, { width = 2 }) end },
    { "plot:bars: x has 2 numbers and Y has 3 rows", function() new {}:bars({ "a", "b" }, y) end },
    { "plot:bars: x%[2%] must be a string, got 2", function() new {}:bars({ "a", 2, "c" }, y) end },
    { "plot:bars: bars can't stand on a logarithmic x axis", function() new { x = "log" }:bars(t, y) end },
    { "plot:bars: x must be finite", function() new {}:bars({ 1, inf, 3 }, y) end },
    { "plot:image: M is empty", function() new {}:image(matrix.zeros(0, 3)) end },
    { "plot:image: M must be a matrix or a list of numbers, got nil", function() new {}:image() end },
    { "plot:image: nothing can be drawn: every number of M is NaN", function() new {}:image { { nan, inf } } end },
    { "plot:image: xlabels has 1 strings; 2 are needed", function() new {}:image({ { 1, 2 } }, { xlabels = { "a" } }) end },
    { "plot:image: map = 'jet' is not known", function() new {}:image({ { 1 } }, { map = "jet" }) end },
    { "plot:image: limits must be { low, high }", function() new {}:image({ { 1 } }, { limits = { 1, 1 } }) end },
    { "plot:image: colorbar must be true, false or a label, got 3", function() new {}:image({ { 1 } }, { colorbar = 3 }) end },
    { "plot:image: a plot holds one image", function() new {}:image({ { 1 } }):image({ { 1 } }) end },
    { "plot:image: an image can't have logarithmic axes", function() new { y = "log" }:image({ { 1 } }) end },
    { "plot:text: s must be a string, got nil", function() new {}:text(1, 2) end },
    { "plot:text: x has 2 numbers and y has 1", function() new {}:text({ 1, 2 }, 1, { "a", "b" }) end },
    { "plot:text: %(0, 1%) is no place on these axes", function() new { x = "log" }:text(0, 1, "a") end },
    { "plot:hline: a number on the y axis is needed, got nil", function() new {}:hline() end },
    { "plot:hline: a number on the y axis is needed, got NaN", function() new {}:hline(nan) end },
    { "plot:vline: a number on the x axis %(logarithmic: above 0%) is needed, got 0", function() new { x = "log" }:vline(0) end },
    { "plot:paths: X has 3 numbers and Y has 2 rows", function() new {}:paths(t, { 1, 2 }) end },
    { "plot:paths: labels has 2 strings; 1 are needed", function() new {}:paths(t, y, { labels = { "a", "b" } }) end },
    { "plot:save: is a plot's method; call it with a colon", function() plot.grid({ { new {} } }).save("x.svg") end },
    { "plot:show: the plot is empty", function() new {}:show() end },
  }
  for _, case in ipairs(cases) do
    it("is refused: " .. case[1], function()
      local err = assert.error_matches(case[2], case[1])
      assert.is_truthy(tostring(err):find "plot_spec.lua:%d+: ") -- at the user's line
    end)
  end
end)
