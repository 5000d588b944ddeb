-- Processor time of what a job does.

local clock = {}

local SHORTEST = 0.02 -- seconds that a batch of calls takes at least
local BATCHES = 5

--- Seconds of f().
function clock.once(f)
  local start = os.clock()
  f()
  return os.clock() - start
end

--- Seconds of one call where f(n) makes n of them: the least of several batches.
function clock.each(f)
  local n, least = 1, clock.once(function() f(1) end)
  while least < SHORTEST do
    n = least < SHORTEST / 10 and n * 10 or n * 2
    least = clock.once(function() f(n) end)
  end
  for _ = 2, BATCHES do least = math.min(least, clock.once(function() f(n) end)) end
  return least / n
end

return clock
