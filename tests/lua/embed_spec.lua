-- The programs of examples/embed, as a user would run them.

local process = require "linnet.process"
local folder = (os.getenv "LINNET" or "build/linnet"):gsub("[^/]*$", "examples/")

describe("examples/embed/minimal.c", function()
  it("prints what the functions that it calls say", function()
    local outcome = assert(process.run { folder .. "minimal" })
    assert.equal("", outcome.errors)
    assert.equal(0, outcome.status)
    local lines = { "   t  depth 2  depth 3  depth 4" }
    for i = 0, 8 do
      local line = ("%4g"):format(i)
      for depth = 2, 4 do
        line = line .. ("%9.4f"):format(theory.mode.strength { s = 2, a0 = 0.01, depth = depth, t = i })
      end
      lines[#lines + 1] = line
    end
    assert.equal(table.concat(lines, "\n") .. "\n", outcome.output)
  end)
end)

local function output_of(name)
  local outcome = assert(process.run { folder .. name })
  assert.equal("", outcome.errors)
  assert.equal(0, outcome.status)
  return outcome.output
end

describe("examples/embed/own_state.c", function()
  it("shares its numbers with the script", function()
    assert.equal("strengths 3.000 and 2.000\nnow 1.000 and 0.667\nthe weights are the program's again\n",
                 output_of "own_state")
  end)
end)

describe("examples/embed/threads.c", function()
  it("works in all threads and interrupts one", function()
    local lines = {}
    for depth = 2, 4 do
      local time = theory.mode.time { s = 1, a0 = 1e-3, depth = depth, fraction = 0.5 }
      lines[#lines + 1] = ("depth %d: half learned at t = %.3f\n"):format(depth, time)
    end
    assert.equal(table.concat(lines) .. "depth 5: interrupted\n", output_of "threads")
  end)
end)

describe("examples/embed/untrusted.c", function()
  it("goes on whatever a script does", function()
    local time = theory.mode.time { s = 2, a0 = 1e-3, depth = 3, fraction = 0.9 }
    assert.equal(("honest: done, %.4f\n"):format(time) .. [[
endless: over its time limit
greedy: out of memory
curious: not permitted here
hasty: over its budget of floating-point operations
wrong: a Lua error
honest again: done, 8.0000
]], output_of "untrusted")
  end)
end)
