-- Jobs on formulas.

local clock = require "clock"

local jobs = {}

--- Test errors of shallow students: 200 times, 100 numbers of examples for each input.
jobs.W6 = {
  input = function() return { t = matrix.logspace(-2, 2, 200), alpha = matrix.logspace(-1, 1, 100) } end,
  run = function(a)
    local function errors()
      return theory.generalization.shallow { alpha = a.alpha, t = a.t, snr = 5, record = "test_error" }.test_error
    end
    return clock.each(function(n)
      for _ = 1, n do errors() end
    end), errors()
  end,
}

return jobs
