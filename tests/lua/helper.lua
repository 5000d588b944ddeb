-- Loaded before every spec.
local assert = require "luassert"

--- Fails unless f raises an error whose text matches the Lua pattern.
local function error_matches(f, pattern)
  local ok, err = pcall(f)
  if ok then error("expected an error that matches: " .. pattern, 2) end
  if not tostring(err):match(pattern) then
    error(("expected an error that matches: %s\ngot: %s"):format(pattern, tostring(err)), 2)
  end
  return err
end

--- Fails unless |a - b| <= tolerance * max(1, |b|) for numbers, or relative to the largest entry for matrices
--- (absolute where that is 0).
local function close(a, b, tolerance, what)
  if type(a) == "number" and type(b) == "number" then
    local size = math.max(1, math.abs(b))
    if a == b or (a ~= a and b ~= b) or math.abs(a - b) <= tolerance * size then return end
    error(("%s: %.17g, expected %.17g (tolerance %g)"):format(what or "number", a, b, tolerance), 2)
  end
  if a.rows ~= b.rows or a.cols ~= b.cols then
    error(("%s: %dx%d, expected %dx%d"):format(what or "matrix", a.rows, a.cols, b.rows, b.cols), 2)
  end
  if a.count == 0 then return end
  local size, worst = b:abs():max(), (a - b):abs():max()
  if size == 0 then size = 1 end
  if not (worst <= tolerance * size) then
    error(("%s: largest difference %.3g of %.3g (tolerance %g)"):format(what or "matrix", worst, size, tolerance), 2)
  end
end

assert.error_matches = error_matches
assert.close = close
