--- Axes: which numbers an axis can show, the range it covers, where its tics are and what they say.

local axis = {}

local LARGEST, SMALLEST = 1e300, 1e-300 -- what gnuplot's own arithmetic bears with room to spare

--- Can this number be drawn? NaN, infinities and, on a log axis, all that is not above 0 can't.
function axis.shows(x, log)
  return x >= (log and SMALLEST or -LARGEST) and x <= LARGEST
end

--- Position along an axis of the given scale, up to an affine map.
function axis.place(x, log) return log and math.log(x, 10) or x end
function axis.unplace(u, log)
  local most = 305 -- doubles end at 308
  return log and 10 ^ math.max(-most, math.min(most, u)) or u
end

--- The range for data between low and high, with `pad` of it free on each side. A linear axis stops at 0
--- rather than cross it for the padding's sake.
function axis.range(low, high, log, pad)
  local a, b = axis.place(low, log), axis.place(high, log)
  local least = log and 1e-9 or math.max(math.abs(a), math.abs(b)) * 1e-9
  if b - a <= least then
    local half = log and 0.5 or (a == 0 and 1 or math.abs(a) * 0.1)
    return axis.unplace((a + b) / 2 - half, log), axis.unplace((a + b) / 2 + half, log)
  end
  local free = (b - a) * pad
  local lower, upper = a - free, b + free
  if not log and a >= 0 and lower < 0 then lower = 0 end
  if not log and b <= 0 and upper > 0 then upper = 0 end
  return axis.unplace(lower, log), axis.unplace(upper, log)
end

-- ---- what tics say ----

-- Numbers are written for gnuplot's enhanced text (rich) or for a plain terminal.
local function signed(text, rich) return rich and (text:gsub("^-", "−")) or text end

local function power_of_ten(exponent, rich)
  if not rich then return ("1e%d"):format(exponent) end
  return ("10^{%s}"):format(signed(tostring(exponent), true))
end

--- Labels for multiples of `step` up to `size` in absolute value: just the digits that tell them apart;
--- powers of ten outside 0.001 ... 99999.
local function number_writer(step, size, rich)
  local exponent = math.floor(math.log(size, 10) + 1e-9)
  local last = math.floor(math.log(step, 10) + 1e-9) -- place of the last digit that matters
  local most_digits = 6
  local short = exponent - last < most_digits -- long ones are easier to read, and to compare, without a power
  local common = (exponent < -3 or (exponent >= 5 and short)) and exponent or 0
  local decimals = math.max(0, common - last)
  return function(x)
    if x == 0 then return "0" end
    local digits = ("%%.%df"):format(decimals):format(x / 10.0 ^ common)
    if common == 0 then return signed(digits, rich) end
    if not rich then return ("%se%d"):format(digits, common) end
    return ("%s×%s"):format(signed(digits, true), power_of_ten(common, true))
  end
end

-- ---- where tics are ----

--- The smallest of 1, 2, 5, 10, 20, ... times a power of ten that is at least x.
function axis.nice_step(x)
  local power = 10.0 ^ math.floor(math.log(x, 10) + 1e-9)
  for _, m in ipairs { 1, 2, 5 } do
    if m * power >= x * (1 - 1e-9) then return m * power end
  end
  return 10 * power
end

local function linear_tics(low, high, most, rich)
  local step = axis.nice_step((high - low) / most)
  local write = number_writer(step, math.max(math.abs(low), math.abs(high)), rich)
  local tics = {}
  for i = math.ceil(low / step - 1e-6), math.floor(high / step + 1e-6) do
    tics[#tics + 1] = { at = i * step, label = write(i * step) }
  end
  return tics
end

-- Tics of 1, 2 and 5 in each decade, for ranges that hold few powers of ten.
local function short_log_tics(low, high, rich)
  local tics = {}
  for decade = math.floor(math.log(low, 10)), math.floor(math.log(high, 10)) do
    for m = 1, 9 do
      local x = m * 10.0 ^ decade
      if x >= low * (1 - 1e-9) and x <= high * (1 + 1e-9) then
        local labelled = m == 1 or m == 2 or m == 5
        tics[#tics + 1] = { at = x, label = labelled and number_writer(x, x, rich)(x) or nil }
      end
    end
  end
  return tics
end

local function log_tics(low, high, most, rich)
  local first = math.ceil(math.log(low, 10) - 1e-9)
  local last = math.floor(math.log(high, 10) + 1e-9)
  if last - first < 1 then
    local tics = short_log_tics(low, high, rich)
    local labelled = 0
    for _, tic in ipairs(tics) do labelled = labelled + (tic.label and 1 or 0) end
    return labelled >= 3 and tics or linear_tics(low, high, most, rich)
  end
  local every = math.max(1, math.ceil((last - first + 1) / most))
  if every > 1 then every = math.tointeger(axis.nice_step(every)) end
  local tics = {}
  for decade = first - 1, last do
    local labelled = decade % every == 0
    if decade >= first and (labelled or every <= 5) then
      tics[#tics + 1] = { at = 10.0 ^ decade, label = labelled and power_of_ten(decade, rich) or nil }
    end
    for m = 2, every == 1 and 9 or 1 do
      local x = m * 10.0 ^ decade
      if x >= low and x <= high then tics[#tics + 1] = { at = x } end
    end
  end
  return tics
end

--- Tics between low and high, about `most` of them with labels: a list of { at =, label = (nil: a small one)
--- }.
function axis.tics(low, high, log, most, rich)
  return (log and log_tics or linear_tics)(low, high, math.max(2, most), rich)
end

return axis
