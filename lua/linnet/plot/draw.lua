--- Writes gnuplot's script for a picture that is laid out.

local Script = require "linnet.plot.script"
local colors = require "linnet.plot.colors"
local marks = require "linnet.plot.marks"
local text = require "linnet.plot.text"

local draw = {}

local function draw_legend(script, scene)
  local box, d = scene.legend_box, script.d
  if not box then return end
  if d.rich and scene.legend_place ~= "right" then -- what stands behind a legend is faint
    script:add("set object rectangle from %s to %s front fc rgb '#ffffff' fs transparent solid 0.75 noborder",
      script:at(box.left, box.top - box.height), script:at(box.left + box.width, box.top))
  end
  for i, item in ipairs(scene.entries) do
    local y = box.top - (i - 0.5) * d.line
    if d.rich then
      local color = item.shared and colors.neutral or nil
      marks.samples[item.kind](script, item, scene, box.left, y, box.sample, color)
    else
      script:write(marks.text_sample(item), box.left, y, "left")
    end
    script:write(scene.entry_lines[i], box.left + box.sample + d.letter, y, "left")
  end
end

local function write_tics(script, name, a)
  if #a.tics == 0 then return script:add("unset %stics", name) end -- an empty list is gnuplot's own choice
  local parts = {}
  for i, tic in ipairs(a.tics) do
    parts[i] = ("%s %.15g %d"):format(script:quote(text.tic(tic.label or "")), tic.at, tic.label and 0 or 1)
  end
  local style = a.rotated and " rotate by 45 right" or ""
  script:add("set %stics (%s)%s %s font %s textcolor rgb '%s'", name, table.concat(parts, ", "), style,
    a.names and "noenhanced" or "enhanced", script.d:font(1), colors.ink)
end

local function draw_axes(script, scene)
  local d, area, image = script.d, scene.area, scene.image
  local inside = d.rich and 0 or 0.1 -- of a character cell: gnuplot rounds down
  script:add("set lmargin at screen %.6f", (area.left + inside) / d.width)
  script:add("set rmargin at screen %.6f", (area.left + area.width + inside) / d.width)
  script:add("set bmargin at screen %.6f", (area.bottom + inside) / d.height)
  script:add("set tmargin at screen %.6f", (area.bottom + area.height + inside) / d.height)
  script:add("set border %s lc rgb '%s' lw 0.9", image and "15 front" or "3 back", colors.frame)
  script:add("set tics nomirror out scale %g,%g", d.tic_scale, d.tic_scale / 2)
  for _, name in ipairs { "x", "y" } do
    local a = scene[name]
    local low, high = a.low, a.high
    if name == "y" and image then low, high = high, low end -- row 1 is on top
    if a.log then script:add("set logscale %s", name) end
    script:add("set %srange [%.15g:%.15g]", name, low, high)
    write_tics(script, name, a)
  end
  if d.rich and not image then
    local up = scene.x.names and "noxtics" or "xtics"
    script:add("set grid %s ytics back lt 1 lc rgb '%s' lw 0.8", up, colors.grid)
  end
end

local function draw_words(script, scene)
  local d, area = script.d, scene.area
  local middle = area.left + area.width / 2
  local y = area.bottom + area.height + (d.rich and 1.2 * d.gap or 0)
  if not d.rich then
    for i, line in ipairs(scene.ylabel_lines) do
      script:write(line, math.max(1, area.left - 2), y + #scene.ylabel_lines - i + 0.5, "left")
    end
    y = y + #scene.ylabel_lines
  end
  local height = d.line * d.title
  for i, line in ipairs(scene.title_lines) do
    script:write(line, middle, y + (#scene.title_lines - i + 0.5) * height, "center", d.title)
  end
  local below = area.bottom - scene.below
  for i, line in ipairs(scene.xlabel_lines) do
    script:write(line, middle, below - (i - 0.5) * d.line, "center")
  end
  if not d.rich then return end
  local left = area.left - scene.before
  for i, line in ipairs(scene.ylabel_lines) do
    script:write(line, left - (#scene.ylabel_lines - i + 0.5) * d.line, area.bottom + area.height / 2, "up")
  end
end

local function draw_bar(script, scene)
  local d, area, bar = script.d, scene.area, scene.bar
  if not bar then return script:add "unset colorbox" end
  local left = area.left + area.width + 2 * d.gap
  script:add("set colorbox vertical user origin %s size %s noborder", script:at(left, area.bottom),
    script:at(bar.width, area.height))
  local parts = {}
  for i, tic in ipairs(bar.tics) do
    parts[i] = ("%s %.15g"):format(script:quote(text.tic(tic.label)), tic.at)
  end
  script:add("set cbtics (%s) enhanced font %s textcolor rgb '%s'", table.concat(parts, ", "), d:font(1),
    colors.ink)
  if bar.label then
    script:write(bar.label, left + bar.width + bar.before, area.bottom + area.height / 2, "up")
  end
end

-- Images lie below bands, and those below all else.
local LAYERS = { image = 1, band = 2 }

local function draw_head(script, head)
  local d = script.d
  for i, line in ipairs(head.lines) do
    script:write(line, d.width / 2, head.top - (i - 0.5) * d.line * d.title, "center", d.title)
  end
end

local function draw_panel(script, scene, head)
  script:add "reset"
  script:add "set key noenhanced" -- titles of curves are not drawn, but an SVG file has them
  script:add "unset key"
  if head then draw_head(script, head) end
  draw_axes(script, scene)
  draw_words(script, scene)
  if scene.image then draw_bar(script, scene) end
  local elements = {}
  for layer = 1, 3 do
    for _, item in ipairs(scene.items) do
      if (LAYERS[item.kind] or 3) == layer then
        local title = item.title and "title " .. text.quote(text.line(item.title)) or "notitle"
        for _, element in ipairs(marks.plotters[item.kind](script, item, scene)) do
          elements[#elements + 1] = element .. " " .. title
        end
      end
    end
  end
  draw_legend(script, scene)
  script:plot(elements)
end

--- The script of a picture: panels[r][c], arranged, under the head that layout.arrange gave.
function draw.script(panels, row_count, column_count, d, head)
  local script = Script.new(d)
  local many = row_count * column_count > 1
  if many then script:add "set multiplot" end
  local first = true
  for r = 1, row_count do
    for c = 1, column_count do
      local scene = panels[r][c]
      if scene then draw_panel(script, scene, first and head) end
      first = first and not scene
    end
  end
  if many then script:add "unset multiplot" end
  return script:whole()
end

return draw
