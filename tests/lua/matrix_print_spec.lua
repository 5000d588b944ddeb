-- A matrix as text.

local function lines(A)
  local list = {}
  for line in (tostring(A) .. "\n"):gmatch "(.-)\n" do list[#list + 1] = line end
  return list
end

describe("tostring(A)", function()
  local usual
  before_each(function() usual = matrix.format { digits = 5, width = 80, rows = 10 } end)
  after_each(function() matrix.format(usual) end)

  it("gives the shape, then numbers with their points one below the other", function()
    assert.same({ "2x3 matrix", "    1    2.5    -3", "  -40  100    1000.3" },
      lines(matrix { { 1, 2.5, -3 }, { -40, 100, 1000.26 } }))
    assert.same({ "3x1 matrix", "  0.33333", "  1", "  1e-10" }, lines(matrix { 1 / 3, 1, 1e-10 }))
  end)

  it("has no spaces at the end of a line", function()
    for _, line in ipairs(lines(matrix { { 0.25, 1.5 }, { 1, 2 }, { 3, 40000 } })) do
      assert.is_nil(line:match " $")
    end
  end)

  it("writes whole numbers out, infinities and NaN too", function()
    assert.same({ "1x4 matrix", "  123456789  inf  -inf  nan" },
      lines(matrix { { 123456789, 1 / 0, -1 / 0, 0 / 0 } }))
    assert.same({ "1x2 matrix", "  1e+09  1.2346e+05" }, lines(matrix { { 1e9, 123456.5 } }))
  end)

  it("gives a zero no sign", function() assert.same({ "1x2 matrix", "  0  0" }, lines(-matrix.zeros(1, 2))) end)

  it("gives the shape alone of an empty matrix", function()
    assert.equal("0x3 matrix", tostring(matrix.zeros(0, 3)))
    assert.equal("3x0 matrix", tostring(matrix.zeros(3, 0)))
  end)

  it("leaves out rows in the middle", function()
    local text = lines(matrix.range(1, 100))
    assert.same({ "100x1 matrix", "    1", "    2", "    3", "    4", "    5", "  ...", "   96", "   97", "   98", "   99",
      "  100" }, text)
    assert.equal(11, #lines(matrix.range(1, 10)))
    assert.equal(12, #lines(matrix.range(1, 11)))
  end)

  it("leaves out columns in the middle, within the width", function()
    for _, width in ipairs { 24, 30, 80, 133 } do
      matrix.format { width = width }
      local wide = lines(matrix.range(1, 3000):reshape(3, 1000):map(function(x) return x / 7 end))
      assert.equal(4, #wide)
      for i = 2, 4 do
        assert.is_true(#wide[i] <= width and #wide[i] > width - 20, wide[i])
        assert.is_truthy(wide[i]:match "%s%.%.%.%s")
      end
      assert.is_truthy(wide[2]:match "^%s+0.14286 ")
      assert.is_truthy(wide[4]:match " 428.57$")
    end
    matrix.format { width = 21 }
    assert.same({ "1x3 matrix", "  10000  20000  30000" }, lines(matrix { { 10000, 20000, 30000 } }))
    matrix.format { width = 20 }
    assert.same({ "1x3 matrix", "  10000  ...  30000" }, lines(matrix { { 10000, 20000, 30000 } }))
  end)

  it("is short however large the matrix", function()
    assert.is_true(#tostring(matrix.ones(3000, 3000)) < 2000)
  end)

  it("follows matrix.format, which tells what held before", function()
    assert.same({ digits = 5, width = 80, rows = 10 }, matrix.format { digits = 3, rows = 4 })
    assert.same({ "5x1 matrix", "  0.333", "  0.333", "  ...", "  0.333", "  0.333" }, lines(matrix.full(5, 1, 1 / 3)))
    assert.same({ digits = 3, width = 80, rows = 4 }, matrix.format {})
    assert.same({ digits = 3, width = 80, rows = 4 }, matrix.format())
    matrix.format { digits = 17 }
    assert.equal("  0.10000000000000001", lines(matrix { 0.1 })[2])
    assert.equal("  -2.2250738585072014e-308", lines(matrix { -2.2250738585072014e-308 })[2])
  end)

  local bad = {
    { function() matrix.format { digit = 3 } end, "matrix.format: unknown option 'digit'; did you mean 'digits'" },
    { function() matrix.format { digits = 0 } end, "matrix.format: digits = 0: must lie between 1 and 17" },
    { function() matrix.format { digits = 18 } end, "matrix.format: digits = 18: must lie" },
    { function() matrix.format { width = 5 } end, "matrix.format: width = 5: must lie" },
    { function() matrix.format { rows = 1 } end, "matrix.format: rows = 1: must lie" },
    { function() matrix.format { rows = "all" } end, "matrix.format: rows must be a whole number" },
    { function() matrix.format(3) end, "matrix.format: a table of options is needed" },
  }
  for _, case in ipairs(bad) do
    it("refused: " .. case[2], function()
      assert.error_matches(case[1], case[2])
      assert.same({ digits = 5, width = 80, rows = 10 }, matrix.format())
    end)
  end
end)
