--- Where everything in a picture goes: the plotting area of each panel, its legend and its colour bar, in the
--- device's unit from the picture's lower left corner. Panels of a grid have equal areas, aligned in rows and
--- columns.

local axis = require "linnet.plot.axis"
local scene = require "linnet.plot.scene"
local text = require "linnet.plot.text"

local layout = {}

local SAMPLE = 3.2       -- width of a sample in a legend, in letters
local MOST_INSIDE = 8    -- entries; longer legends stand beside the panel
local LEGEND_SHARE = 0.4 -- of the picture's width a label may take; longer ones are shortened
local NAME_SHARE = 0.25  -- the same for names at tics
local SMALL_IMAGE = 32   -- letters
local STRETCH = 4        -- images so many times longer than wide fill the panel and have no square pixels
local CORNERS = { "top right", "bottom right", "top left", "bottom left" }

-- ---- sizes of parts ----

local function set_entries(self, d)
  self.entry_lines = {}
  for i, item in ipairs(self.entries) do
    self.entry_lines[i] = text.shorten(text.line(item.label), LEGEND_SHARE * d.width, d.measure)
  end
end

local function legend_size(self, d)
  local widest = 0
  for _, line in ipairs(self.entry_lines) do widest = math.max(widest, d.measure(line)) end
  return (SAMPLE + 1) * d.letter + widest, #self.entries * d.line
end

local function widest_label(tics, d)
  local widest = 0
  for _, tic in ipairs(tics) do widest = math.max(widest, tic.label and d.measure(tic.label) or 0) end
  return widest
end

local function set_names(a, d)
  a.lines = {}
  for i, name in ipairs(a.names or {}) do
    a.lines[i] = text.shorten(text.line(name), NAME_SHARE * d.width, d.measure)
  end
end

--- Tics at names: { at = 1, label = "pine" }, every k-th where they are too many for the room.
local function name_tics(a, room, letter_room)
  local every = math.max(1, math.ceil((a.high - a.low) * letter_room / room))
  local tics = {}
  for i, line in ipairs(a.lines) do
    if i >= a.low and i <= a.high and (i - 1) % every == 0 then
      tics[#tics + 1] = { at = i, label = line }
    end
  end
  return tics
end

--- Tics at the numbers of an image's rows or columns.
local function cell_tics(a, most)
  local step = math.max(1, axis.nice_step((a.high - a.low) / most))
  local tics = {}
  for i = step == 1 and 1 or step, a.high, step do
    if i >= a.low then tics[#tics + 1] = { at = i, label = ("%d"):format(i) } end
  end
  return tics
end

--- Numbers at an image's rows or columns; a small picture does without them unless the axis has a label.
local function image_tics(a, label, d, room, each)
  if d.rich and not label and room < SMALL_IMAGE * d.letter then return {} end
  return cell_tics(a, math.max(2, room / each))
end

local function set_tics(self, d, width, height)
  local x, y = self.x, self.y
  local xroom, yroom = (d.rich and 9 or 10) * d.letter, (d.rich and 2.4 or 3) * d.line
  x.rotated = false
  if x.names then
    x.tics = name_tics(x, width, d.letter * 1.5)
    local spacing = width / (x.high - x.low)
    if widest_label(x.tics, d) + d.letter > spacing then
      if d.rich then
        x.tics, x.rotated = name_tics(x, width, d.line), true
      else
        x.tics = name_tics(x, width, widest_label(x.tics, d) + 1)
      end
    end
  elseif self.image then
    x.tics = image_tics(x, self.xlabel, d, width, 4 * d.letter)
  else
    x.tics = axis.tics(x.low, x.high, x.log, width / xroom, d.rich)
    -- Long numbers need more room each.
    local widest = widest_label(x.tics, d) + 2 * d.letter
    if widest > xroom then x.tics = axis.tics(x.low, x.high, x.log, width / widest, d.rich) end
  end
  if y.names then
    y.tics = name_tics(y, height, d.line)
  elseif self.image then
    y.tics = image_tics(y, self.ylabel, d, height, 1.5 * d.line)
  else
    y.tics = axis.tics(y.low, y.high, y.log, height / yroom, d.rich)
  end
end

--- How much of a place of this size an image with square pixels takes; all of it without an image, and with one
--- that is much longer than wide.
local function square(self, d, width, height)
  local image = self.image
  if not image then return width, height end
  if math.max(image.rows, image.cols) > STRETCH * math.min(image.rows, image.cols) then return width, height end
  local cols, rows = self.x.high - self.x.low, self.y.high - self.y.low
  local squeeze = d.rich and 1 or 2 -- a character is about twice as high as wide
  local side = math.min(width / cols, height / rows * squeeze)
  return math.floor(side * cols), math.floor(side / squeeze * rows)
end

--- Widens the x range so that the words beside points have room in the panel.
local function make_room(self, d, width)
  local x = self.x
  if x.fixed or self.image then return end
  local low, high = axis.place(x.low, x.log), axis.place(x.high, x.log)
  local left, right = 0, 0
  for _, word in ipairs(scene.words(self)) do
    local share = (d.measure(word.text) + 2 * d.letter) / width
    local at = (axis.place(word.x, x.log) - low) / (high - low)
    if word.side == "center" then share = share / 2 end
    if word.side ~= "right" then right = math.max(right, at + share - 1) end
    if word.side ~= "left" then left = math.max(left, share - at) end
  end
  local least = 0.3 -- of the panel stays for the points
  local whole = (high - low) / math.max(least, 1 - left - right)
  x.low, x.high = axis.unplace(low - left * whole, x.log), axis.unplace(high + right * whole, x.log)
end

-- ---- margins ----

--- What a panel needs around its plotting area of about this size: { left, right, bottom, top }.
local function margins(self, d, width, height)
  width, height = square(self, d, width, height)
  set_tics(self, d, width, height)
  local needs = {}
  local function lines(s, most) return s and text.wrap(text.lines(s), most, d.measure) or {} end
  self.title_lines = lines(self.title, width / d.title)
  self.xlabel_lines = lines(self.xlabel, width)
  if self.image and self.image.bar and not d.rich then -- what a colour bar would say
    local key = ("%.3g %s %.3g"):format(self.image.low, text.SHADES, self.image.high)
    self.xlabel_lines[#self.xlabel_lines + 1] = key
  end
  self.ylabel_lines = lines(self.ylabel, d.rich and height or width)

  needs.left = 2 * d.gap
  if #self.y.tics > 0 then needs.left = d.left_of_tics + widest_label(self.y.tics, d) + d.gap end
  if d.rich then needs.left = needs.left + #self.ylabel_lines * d.line end

  local xtics = d.line
  if self.x.rotated then -- by 45 degrees, to the lower left
    xtics = widest_label(self.x.tics, d) * 0.72 + d.line * 0.6
    local x = self.x
    for _, tic in ipairs(x.tics) do
      local from_axis = (tic.at - x.low) / (x.high - x.low) * width
      needs.left = math.max(needs.left, d.measure(tic.label) * 0.72 + d.line * 0.4 - from_axis)
    end
  end
  self.below = #self.x.tics > 0 and d.below_tics + xtics or d.gap
  needs.bottom = self.below + #self.xlabel_lines * d.line + d.gap

  needs.top = #self.title_lines * d.line * d.title + (d.rich and 1.4 * d.gap or 0)
  if not d.rich then needs.top = needs.top + #self.ylabel_lines end -- above the axis: text can't be turned

  local last = self.x.tics[#self.x.tics]
  needs.right = math.max(2 * d.gap, last and last.label and not self.x.rotated
    and d.measure(last.label) / 2 or 0)
  local bar = self.bar
  self.beside = 0 -- what the colour bar takes beside the panel
  if bar then
    bar.before = d.left_of_tics + d.gap + widest_label(bar.tics, d) + 0.5 * d.line
    self.beside = 2 * d.gap + bar.width + bar.before + (bar.label and d.line or 0)
    needs.right = self.beside
  end
  if self.legend_place == "right" then
    needs.right = self.beside + 3 * d.gap + legend_size(self, d) + d.letter
  end
  return needs
end

-- ---- legends ----

local function corner_box(corner, width, height, area, d)
  local u, v = width / area.width, height / area.height
  local du, dv = 2 * d.gap / area.width, 2 * d.gap / area.height
  if not d.rich then du, dv = 1 / area.width, 0 end
  local left = corner:find("left") and du or 1 - du - u
  local bottom = corner:find("bottom") and dv or 1 - dv - v
  return { left, bottom, left + u, bottom + v }
end

--- Chooses "right" (beside the panel) or a corner that nothing is drawn in.
local function choose_place(self, d, area)
  if #self.entries == 0 then return nil end
  if self.legend then return self.legend end
  local width, height = legend_size(self, d)
  if #self.entries <= MOST_INSIDE and width < 0.6 * area.width and height < 0.7 * area.height then
    for _, corner in ipairs(CORNERS) do
      local box = corner_box(corner, width, height, area, d)
      local air_x, air_y = d.gap / area.width, d.gap / area.height
      local airy = { box[1] - air_x, box[2] - air_y, box[3] + air_x, box[4] + air_y }
      if scene.is_free(self, airy) then return corner end
    end
  end
  return "right"
end

local function place_legend(self, d)
  if #self.entries == 0 then return end
  local area = self.area
  local width, height = legend_size(self, d)
  local left, top = area.left + area.width + self.beside + 3 * d.gap, area.bottom + area.height
  if not d.rich then left = left + 1 end
  if self.legend_place ~= "right" then
    local box = corner_box(self.legend_place, width, height, area, d)
    left, top = area.left + box[1] * area.width, area.bottom + box[4] * area.height
  end
  self.legend_box = { left = left, top = top, width = width, height = height, sample = SAMPLE * d.letter }
end

-- ---- the whole ----

local function add_bar(self, d)
  local image = self.image
  if not (image and image.bar and d.rich) then return end
  local label = type(image.bar) == "string" and text.line(image.bar) or nil
  self.bar = { width = 1.1 * d.line, tics = {}, label = label }
end

-- An image with square pixels takes the middle of its place.
local function shrink(self, d)
  local area = self.area
  local width, height = square(self, d, area.width, area.height)
  area.left, area.bottom = area.left + (area.width - width) // 2, area.bottom + (area.height - height) // 2
  area.width, area.height = width, height
end

local function fold(panels, rows, cols, d, width, height)
  local around = { left = {}, right = {}, bottom = {}, top = {} }
  for c = 1, cols do around.left[c], around.right[c] = 2 * d.gap, 2 * d.gap end
  for r = 1, rows do around.bottom[r], around.top[r] = d.gap, d.gap end
  for r = 1, rows do
    for c = 1, cols do
      local self = panels[r][c]
      if self then
        local needs = margins(self, d, width, height)
        around.left[c] = math.max(around.left[c], needs.left)
        around.right[c] = math.max(around.right[c], needs.right)
        around.bottom[r] = math.max(around.bottom[r], needs.bottom)
        around.top[r] = math.max(around.top[r], needs.top)
      end
    end
  end
  return around
end

local function sum(list)
  local total = 0
  for _, x in ipairs(list) do total = total + x end
  return total
end

--- Sets area, legend_box and bar of every panel. panels[r][c] is a scene, or nil for an empty place.
function layout.arrange(panels, rows, cols, d, title)
  local edge = d.gap
  local lines = title and text.wrap(text.lines(title), d.width / d.title, d.measure) or {}
  local head = #lines * d.line * d.title + (#lines > 0 and d.gap or 0)
  local width, height = d.width - 2 * edge, d.height - 2 * edge - head
  local between = d.rich and 2 * d.gap or 1
  local function each(f)
    for r = 1, rows do
      for c = 1, cols do
        if panels[r][c] then f(panels[r][c]) end
      end
    end
  end

  local inner_w, inner_h = 0.8 * width / cols, 0.75 * height / rows
  each(function(self)
    set_entries(self, d)
    set_names(self.x, d)
    set_names(self.y, d)
    add_bar(self, d)
    make_room(self, d, inner_w)
  end)
  local around
  local function measure()
    around = fold(panels, rows, cols, d, inner_w, inner_h)
    inner_w = (width - sum(around.left) - sum(around.right) - (cols - 1) * between) / cols
    inner_h = (height - sum(around.bottom) - sum(around.top) - (rows - 1) * between) / rows
    if not d.rich then inner_w, inner_h = math.floor(inner_w), math.floor(inner_h) end
    local least_w, least_h = 6 * d.letter, 2 * d.line
    if inner_w < least_w or inner_h < least_h then return false end
    local top = d.height - edge - head
    for r = 1, rows do
      local left = edge
      top = top - around.top[r]
      for c = 1, cols do
        left = left + around.left[c]
        local self = panels[r][c]
        if self then
          self.before = around.left[c] - (d.rich and #self.ylabel_lines * d.line or 0)
          self.area = { left = left, bottom = top - inner_h, width = inner_w, height = inner_h }
          if self.bar then
            local image = self.image
            self.bar.tics = axis.tics(image.low, image.high, false, inner_h / (2.4 * d.line), true)
          end
        end
        left = left + inner_w + around.right[c] + between
      end
      top = top - inner_h - around.bottom[r] - between
    end
    return true
  end

  if not measure() then return nil end
  each(function(self) self.legend_place = choose_place(self, d, self.area) end)
  if not measure() then return nil end -- with the legends that stand beside their panels, and the bars' tics
  each(function(self)
    shrink(self, d)
    if d.rich then scene.spread_names(self, d, self.area.width, self.area.height) end
    place_legend(self, d)
  end)
  return { lines = lines, top = d.height - edge }
end

return layout
