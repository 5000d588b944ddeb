-- Making matrices, and copies of them in other shapes.

local function shape(A) return A.rows .. "x" .. A.cols end

describe("matrix {...}", function()
  it("takes rows, and a list as a column", function()
    local A = matrix { { 1, 2, 3 }, { 4, 5, 6 } }
    assert.equal("2x3", shape(A))
    assert.equal(6, A[2][3])
    local v = matrix { 1, 2, 3 }
    assert.equal("3x1", shape(v))
    assert.equal(3, v[3])
  end)

  it("copies a matrix", function()
    local A = matrix { 1, 2 }
    local B = matrix(A)
    B[1] = 7
    assert.equal(1, A[1])
  end)

  it("allows no rows and no columns", function()
    assert.equal("0x1", shape(matrix {}))
    assert.equal("2x0", shape(matrix { {}, {} }))
    assert.equal("0x3", shape(matrix.zeros(0, 3)))
    assert.equal(0, matrix.zeros(3, 0).count)
  end)

  it("keeps NaN, infinity and whole numbers of Lua", function()
    local A = matrix { 0 / 0, math.huge, math.mininteger }
    assert.is_true(A[1] ~= A[1])
    assert.equal(math.huge, A[2])
    assert.equal(-2.0 ^ 63, A[3])
  end)

  local bad = {
    { { 1, "2" }, "%[2%] must be a number, got the string '2'" },
    { { 1, {} }, "%[2%] must be a number, got a table" },
    { { { 1, 2 }, { 3 } }, "row 2 has 1 numbers and row 1 has 2" },
    { { { 1, 2 }, { 3, 4, 5 } }, "row 2 has 3 numbers and row 1 has 2" },
    { { { 1, 2 }, 3 }, "%[2%] must be a row of 2 numbers, got 3" },
    { { { 1, true } }, "%[1%]%[2%] must be a number, got true" },
    { { { {} } }, "%[1%]%[1%] must be a number, got a table" },
    { { rows = 2, cols = 2 }, "this table has no entry %[1%]" },
    { 3, "a list of numbers or of rows is needed, got 3" },
    { "1 2 3", "a list of numbers or of rows is needed, got the string '1 2 3'" },
  }
  for _, case in ipairs(bad) do
    it("says that " .. case[2], function()
      assert.error_matches(function() matrix(case[1]) end, "matrix: .*" .. case[2])
    end)
  end

  it("says what takes sizes", function()
    assert.error_matches(function() matrix(2, 3) end, "matrix.zeros%(m, n%) takes sizes")
    assert.error_matches(function() matrix() end, "a list of numbers or of rows is needed, got nil")
  end)
end)

describe("matrices of a size:", function()
  it("zeros, ones and full", function()
    assert.is_true(matrix.zeros(2, 2) == matrix { { 0, 0 }, { 0, 0 } })
    assert.is_true(matrix.ones(2) == matrix { 1, 1 })
    assert.is_true(matrix.full(1, 3, 2.5) == matrix { { 2.5, 2.5, 2.5 } })
    local nan = matrix.full(1, 1, 0 / 0)
    assert.is_true(nan ~= matrix.full(1, 1, 0 / 0))
  end)

  it("eye and diag", function()
    assert.is_true(matrix.eye(2) == matrix { { 1, 0 }, { 0, 1 } })
    assert.is_true(matrix.eye(2, 3) == matrix { { 1, 0, 0 }, { 0, 1, 0 } })
    assert.is_true(matrix.diag { 1, 2 } == matrix { { 1, 0 }, { 0, 2 } })
    assert.is_true(matrix.diag(matrix { { 1, 2 } }) == matrix { { 1, 0 }, { 0, 2 } })
  end)

  local bad = {
    { function() matrix.zeros(-1) end, "matrix.zeros: .*%-1 x 1: rows and columns must lie between 0 and" },
    { function() matrix.zeros(2.5, 2) end, "matrix.zeros: rows and columns must be whole numbers, got 2.5 x 2" },
    { function() matrix.zeros(0 / 0) end, "matrix.zeros: rows must be a number, got NaN" },
    { function() matrix.zeros(math.huge) end, "matrix.zeros: .*must lie between" },
    { function() matrix.zeros("3") end, "matrix.zeros: rows must be a number, got the string '3'" },
    { function() matrix.zeros() end, "matrix.zeros: rows must be a number, got nil" },
    { function() matrix.zeros(2, {}) end, "matrix.zeros: columns must be a number, got a table" },
    { function() matrix.zeros(2 ^ 31, 1) end, "matrix.zeros: .*2147483648 x 1: .*between 0 and 2147483647" },
    { function() matrix.ones(1e9, 1e9) end, "matrix.ones: .*1000000000 x 1000000000 would take 8e%+18 bytes" },
    { function() matrix.eye(1e5 + 0.5) end, "matrix.eye: .*whole numbers, got 100000.5 x 100000.5" },
    { function() matrix.eye(math.maxinteger) end, "matrix.eye: .*must lie between" },
    { function() matrix.full(2, 2) end, "matrix.full: x must be a number, got nil" },
    { function() matrix.diag(matrix.ones(2, 2)) end, "matrix.diag: v must be a vector or a list, got a 2x2 matrix" },
    { function() matrix.diag(matrix.ones(1e6)) end, "diag: not enough memory: a 1000000x1000000 matrix takes 8000000000000" },
    { function() matrix.zeros(2 ^ 31 - 1, 2 ^ 29) end, "would take|not enough memory" },
  }
  for _, case in ipairs(bad) do
    it("refused: " .. case[2], function()
      local patterns, matched = {}, false
      for pattern in case[2]:gmatch "[^|]+" do patterns[#patterns + 1] = pattern end
      local ok, err = pcall(case[1])
      for _, pattern in ipairs(patterns) do matched = matched or tostring(err):match(pattern) ~= nil end
      assert.is_false(ok)
      assert.is_true(matched, err)
    end)
  end

  it("a size that can't be had leaves everything as it was", function()
    local A = matrix.ones(100, 100)
    for _ = 1, 3 do
      assert.error_matches(function() matrix.zeros(1e6, 1e6) end,
        "matrix.zeros: not enough memory: a 1000000x1000000 matrix takes 8000000000000 bytes")
    end
    assert.equal(10000, (A * 1):sum())
  end)
end)

describe("evenly spaced numbers:", function()
  it("linspace has exact ends", function()
    local x = matrix.linspace(0, 40, 201)
    assert.equal("201x1", shape(x))
    assert.equal(0, x[1])
    assert.equal(40, x[201])
    assert.close(x[2], 0.2, 1e-15)
    for _, ends in ipairs { { 0.1, 0.7 }, { -1e308, 1e308 }, { 1 / 3, 1 / 7 }, { 5, 5 } } do
      for n = 2, 50 do
        local y = matrix.linspace(ends[1], ends[2], n)
        assert.equal(ends[1], y[1])
        assert.equal(ends[2], y[n])
        assert.is_true(y:isfinite():all())
      end
    end
    assert.is_true(matrix.linspace(3, 9, 1) == matrix { 3 })
    assert.equal(0, matrix.linspace(3, 9, 0).count)
  end)

  it("logspace has powers of ten", function()
    assert.close(matrix.logspace(-1, 2, 4), matrix { 0.1, 1, 10, 100 }, 1e-15)
    assert.equal(1e-3, matrix.logspace(-3, 3, 7)[1])
    assert.equal(1000, matrix.logspace(-3, 3, 7)[7])
  end)

  it("range includes its end despite rounding", function()
    assert.is_true(matrix.range(1, 4) == matrix { 1, 2, 3, 4 })
    assert.is_true(matrix.range(5, 1, -2) == matrix { 5, 3, 1 })
    assert.is_true(matrix.range(1, 4.5) == matrix { 1, 2, 3, 4 })
    assert.equal(0, matrix.range(2, 1).count)
    assert.is_true(matrix.range(2, 2) == matrix { 2 })
    for n = 1, 1000 do
      for _, step in ipairs { 0.1, 0.3, 1 / 7, -0.01 } do
        local x = matrix.range(0, n * step, step)
        assert.equal(n + 1, x.count)
        assert.equal(n * step, x[n + 1])
      end
    end
    local x = matrix.range(0.1, 1, 0.1)
    assert.equal(10, x.count)
    assert.equal(1, x[10])
  end)

  local bad = {
    { function() matrix.linspace(0, 1) end, "matrix.linspace: n must be a whole number, got nil" },
    { function() matrix.linspace(0, 1, 2.5) end, "matrix.linspace: n must be a whole number, got 2.5" },
    { function() matrix.linspace(0, 1, -1) end, "matrix.linspace: n = %-1: must lie between 0" },
    { function() matrix.linspace(0, 1 / 0, 5) end, "matrix.linspace: b must be finite, got inf" },
    { function() matrix.logspace(0 / 0, 1, 5) end, "matrix.logspace: a must be a number, got NaN" },
    { function() matrix.range(0, 1, 0) end, "matrix.range: step = 0" },
    { function() matrix.range(0, 1e10) end, "matrix.range: .*must lie between" },
    { function() matrix.range(0, 1, 1e-320) end, "matrix.range: .*must lie between" },
  }
  for _, case in ipairs(bad) do
    it("refused: " .. case[2], function() assert.error_matches(case[1], case[2]) end)
  end
end)

describe("copies in other shapes:", function()
  local A = matrix { { 1, 2, 3 }, { 4, 5, 6 } }

  it("T and copy share nothing with the matrix", function()
    local B, C = A.T, A:copy()
    assert.is_true(B == matrix { { 1, 4 }, { 2, 5 }, { 3, 6 } })
    B[1][1], C[1][1] = 9, 9
    assert.equal(1, A[1][1])
    local big = matrix.range(1, 70 * 41):reshape(70, 41)
    assert.is_true(big.T.T == big)
    assert.equal(big:get(65, 40), big.T:get(40, 65))
  end)

  it("reshape goes down the columns", function()
    assert.is_true(A:reshape(3, 2) == matrix { { 1, 5 }, { 4, 3 }, { 2, 6 } })
    assert.is_true(A:colrange(2, 3):reshape(1, 4) == matrix { { 2, 5, 3, 6 } })
    assert.error_matches(function() A:reshape(4, 2) end, "A:reshape: A is 2x3, 6 numbers; 4x2 has place for 8")
    assert.error_matches(function() A:reshape(-2, -3) end, "A:reshape: rows = %-2: must lie between")
    assert.error_matches(function() A:reshape(6) end, "A:reshape: columns must be a whole number, got nil")
  end)

  it("tile repeats", function()
    assert.is_true(matrix { { 1, 2 } }:tile(2, 2) == matrix { { 1, 2, 1, 2 }, { 1, 2, 1, 2 } })
    assert.equal("0x6", shape(A:tile(0, 2)))
    assert.error_matches(function() A:tile(2 ^ 30, 2 ^ 30) end, "A:tile: ")
    assert.error_matches(function() A:tile(1.5, 1) end, "A:tile: m must be a whole number, got 1.5")
  end)

  it("totable is undone by matrix", function()
    assert.same({ { 1, 2, 3 }, { 4, 5, 6 } }, A:totable())
    assert.same({ 1, 4 }, A:col(1):totable())
    assert.same({ { 1, 2, 3 } }, A:row(1):totable())
    for _, B in ipairs { A, A:col(2), A:row(2), A:block(1, 2, 2, 3), matrix.eye(1), matrix {} } do
      assert.is_true(matrix(B:totable()) == B)
    end
  end)

  it("diag copies and setdiag writes", function()
    local B = A:copy()
    assert.is_true(B:diag() == matrix { 1, 5 })
    assert.is_true(B:setdiag { 7, 8 } == B)
    assert.is_true(B == matrix { { 7, 2, 3 }, { 4, 8, 6 } })
    assert.is_true(matrix.zeros(2, 2):setdiag(3) == 3 * matrix.eye(2))
    local C = matrix { { 1, 2 }, { 3, 4 } }
    assert.is_true(C:setdiag(C:row(2)) == matrix { { 3, 2 }, { 3, 4 } })
    assert.error_matches(function() B:setdiag { 1, 2, 3 } end, "A:setdiag: A is 2x3, its diagonal 2 numbers; v has 3")
  end)

  it("select takes rows and columns in any order", function()
    assert.is_true(A:select { rows = { 2, 1 }, cols = { 3, 3, 1 } } == matrix { { 6, 6, 4 }, { 3, 3, 1 } })
    assert.is_true(A:select { cols = matrix { 2 } } == matrix { 2, 5 })
    assert.equal("0x3", shape(A:select { rows = {} }))
    assert.is_true(A:select {} == A)
    local bad = {
      { { rows = { 3 } }, "rows has 3 at 1; whole numbers from 1 to 2 are valid" },
      { { cols = { 1, 0 } }, "cols has 0 at 2; whole numbers from 1 to 3 are valid" },
      { { cols = { 1.5 } }, "cols has 1.5 at 1" },
      { { cols = { 1e300 } }, "cols has 1e%+300 at 1" },
      { { column = { 1 } }, "unknown option 'column'" },
      { { row = { 1 } }, "unknown option 'row'; did you mean 'rows'" },
    }
    for _, case in ipairs(bad) do
      assert.error_matches(function() A:select(case[1]) end, "A:select: " .. case[2])
    end
  end)

  it("hcat and vcat put together", function()
    assert.is_true(matrix.hcat(A, { 7, 8 }) == matrix { { 1, 2, 3, 7 }, { 4, 5, 6, 8 } })
    assert.is_true(matrix.vcat(A, A:row(1)) == matrix { { 1, 2, 3 }, { 4, 5, 6 }, { 1, 2, 3 } })
    assert.is_true(matrix.hcat(A) == A)
    assert.is_true(matrix.hcat(matrix.zeros(2, 0), A) == A)
    assert.error_matches(function() matrix.hcat(A, matrix.ones(3)) end,
      "matrix.hcat: argument 2 is 3x1 and the first has 2 rows")
    assert.error_matches(function() matrix.vcat(A, matrix.ones(3)) end,
      "matrix.vcat: argument 2 is 3x1 and the first has 3 columns")
    assert.error_matches(function() matrix.hcat(A, nil) end, "matrix.hcat: argument 2 must be a matrix .*got nil")
    assert.error_matches(function() matrix.vcat() end, "matrix.vcat: at least one matrix is needed")
  end)

  it("kron and outer obey their identities", function()
    local B = matrix { { 0, 1 }, { 2, -1 }, { 3, 5 } }
    local C, D = matrix.range(1, 12):reshape(3, 4), matrix.range(-3, 4):reshape(2, 4)
    assert.close(matrix.kron(A, B) * matrix.kron(C, D), matrix.kron(A * C, B * D), 1e-15)
    assert.equal("6x6", shape(matrix.kron(A, B)))
    local u, v = matrix { 1, 2 }, matrix { { 3, 4, 5 } }
    assert.is_true(matrix.outer(u, v) == u * v)
    assert.is_true(matrix.outer({ 1, 2 }, { 3, 4, 5 }) == u * v)
    assert.error_matches(function() matrix.outer(A, u) end, "matrix.outer: u must be a vector or a list, got a 2x3")
    assert.error_matches(function() matrix.kron(A, 2) end, "matrix.kron: B must be a matrix, got 2")
  end)
end)
