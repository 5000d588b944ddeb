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
