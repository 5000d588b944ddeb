-- Jobs on matrices. In each, run works out the result once more after the clock has stopped.

local clock = require "clock"

local jobs = {}

local SEED = 11

--- Square matrices A, B, C and a column v, with entries between 1/2 and 1.
local function square(n)
  return function()
    local r = random.stream(SEED)
    return { A = r:uniform(n, n, 0.5, 1), B = r:uniform(n, n, 0.5, 1), C = r:uniform(n, n, 0.5, 1),
      v = r:uniform(n, 1, 0.5, 1) }
  end
end

--- A well-conditioned A, a symmetric S, and B.
local function regular(n)
  return function()
    local r = random.stream(SEED)
    local A = r:normal(n, n) + 2 * math.sqrt(n) * matrix.eye(n)
    return { A = A, B = r:normal(n, n), S = A + A.T }
  end
end

-- ---- calls ----

jobs.get = {
  input = square(4),
  run = function(a)
    local A, x = a.A, 0
    return clock.each(function(n)
      for _ = 1, n do x = A:get(2, 3) end
    end), matrix { x }
  end,
}

jobs.scal = {
  input = square(1),
  run = function(a)
    local Y = a.A:copy()
    return clock.each(function(n)
      for _ = 1, n do Y:scal(1) end
    end), Y
  end,
}

jobs.index = {
  input = square(4),
  run = function(a)
    local v, x = a.v, 0
    return clock.each(function(n)
      for _ = 1, n do x = v[2] end
    end), matrix { x }
  end,
}

jobs.index2 = {
  input = square(4),
  run = function(a)
    local A, x = a.A, 0
    return clock.each(function(n)
      for _ = 1, n do x = A[2][3] end
    end), matrix { x }
  end,
}

-- ---- linear algebra ----

for _, n in ipairs { 8, 512 } do
  jobs["gemm" .. n] = {
    input = regular(n),
    run = function(a)
      local A, B = a.A, a.B
      return clock.each(function(count)
        for _ = 1, count do local _ = A * B end
      end), A * B
    end,
  }

  jobs["solve" .. n] = {
    input = regular(n),
    run = function(a)
      local A, B = a.A, a.B
      return clock.each(function(count)
        for _ = 1, count do local _ = A:solve(B) end
      end), A:solve(B)
    end,
  }

  jobs["eigh" .. n] = {
    input = regular(n),
    run = function(a)
      local S = a.S
      return clock.each(function(count)
        for _ = 1, count do local _, _ = S:eigh() end
      end), (S:eigh())
    end,
  }

  jobs["svd" .. n] = {
    input = regular(n),
    run = function(a)
      local A = a.A
      local seconds = clock.each(function(count)
        for _ = 1, count do local _, _, _ = A:svd() end
      end)
      local _, s = A:svd()
      return seconds, s
    end,
  }
end

-- ---- entry by entry ----

for _, n in ipairs { 16, 1000 } do
  jobs["sum" .. n] = {
    input = square(n),
    run = function(a)
      local A, B, C = a.A, a.B, a.C
      return clock.each(function(count)
        for _ = 1, count do local _ = A + 2 * B:times(C) end
      end), A + 2 * B:times(C)
    end,
  }

  jobs["inplace" .. n] = {
    input = square(n),
    run = function(a)
      local A, B, Y = a.A, a.B, matrix.zeros(n, n)
      return clock.each(function(count)
        for _ = 1, count do Y:assign(A):axpy(2, B) end
      end), Y
    end,
  }
end

jobs.tanh1000 = {
  input = square(1000),
  run = function(a)
    local A = a.A
    return clock.each(function(count)
      for _ = 1, count do local _ = A:tanh() end
    end), A:tanh()
  end,
}

-- ---- temporaries ----

local TEMPORARIES = 20000

local function sums(A, B, count)
  local C
  for _ = 1, count do C = A + B end
  return C
end

jobs.temporaries = {
  input = square(100),
  run = function(a)
    local C
    return clock.once(function() C = sums(a.A, a.B, TEMPORARIES) end), C
  end,
}

--- Megabytes of this process in memory, at most so far.
local function resident_peak()
  for line in io.lines "/proc/self/status" do
    local kilobytes = line:match "^VmHWM:%s*(%d+)"
    if kilobytes then return tonumber(kilobytes) / 1024 end
  end
end

jobs.growth = {
  input = square(100),
  run = function(a)
    sums(a.A, a.B, 1)
    local before = resident_peak()
    local C = sums(a.A, a.B, TEMPORARIES)
    return resident_peak() - before, C
  end,
}

return jobs
