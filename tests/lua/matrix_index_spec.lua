-- Reading and writing numbers, views, and what a matrix says of itself.

describe("A[i]", function()
  local A = matrix { { 1, 2, 3 }, { 4, 5, 6 } }

  it("is a number of a vector, whichever way it lies", function()
    local v, w = matrix { 7, 8, 9 }, matrix { { 7, 8, 9 } }
    assert.equal(8, v[2])
    assert.equal(8, w[2])
    assert.equal(3, #v)
    assert.equal(3, #w)
    v[2], w[2] = 1, 1
    assert.is_true(v == matrix { 7, 1, 9 } and w == v.T)
  end)

  it("is a row of a matrix that shares its numbers", function()
    local B = A:copy()
    assert.equal(2, #B)
    assert.is_true(B[2] == matrix { { 4, 5, 6 } })
    B[2][3] = 60
    assert.equal(60, B:get(2, 3))
    local row = B[1]
    row[1] = 10
    assert.equal(10, B[1][1])
  end)

  it("takes a row", function()
    local B = A:copy()
    B[1] = { 7, 8, 9 }
    B[2] = B[1]
    assert.is_true(B == matrix { { 7, 8, 9 }, { 7, 8, 9 } })
    B[1] = matrix { 1, 2, 3 }
    assert.is_true(B:row(1) == matrix { { 1, 2, 3 } })
  end)

  it("takes whole numbers of any kind and no others", function()
    assert.equal(6, A[4 / 2][9 // 3.0])
    assert.equal(5, A[2.0][2])
  end)

  it("ends a loop with nil", function()
    local sum = 0
    for i, row in ipairs(A) do
      for j, x in ipairs(row) do sum = sum + i * j * x end
    end
    assert.equal(1 + 4 + 9 + 2 * (4 + 10 + 18), sum)
    assert.is_nil(A[3])
    assert.is_nil(A[1][4])
    assert.is_nil(matrix.zeros(0, 3)[1])
    assert.is_nil(matrix {}[1])
  end)

  local v = matrix { 1, 2, 3 }
  local bad = {
    { function() return A[0] end, "A%[0%]: A is a 2x3 matrix.*from 1 to 2" },
    { function() return A[4] end, "A%[4%]: A is a 2x3 matrix.*from 1 to 2" },
    { function() return A[-1] end, "A%[%-1%]" },
    { function() return A[1.5] end, "A%[1.5%]" },
    { function() return A[0 / 0] end, "A%[NaN%]" },
    { function() return A[1e300] end, "A%[1e%+300%]" },
    { function() return A[math.mininteger] end, "A%[%-9223372036854775808%]" },
    { function() return A[true] end, "A%[true%]" },
    { function() return A[{}] end, "A%[a table%]" },
    { function() return v[0] end, "v?A%[0%]: A is a 3x1 vector; whole numbers from 1 to 3 are valid" },
    { function() return v[5] end, "A%[5%]: A is a 3x1 vector" },
    { function() v[4] = 1 end, "A%[4%]: A is a 3x1 vector" },
    { function() v[1] = "x" end, "x must be a number, got the string 'x'" },
    { function() v[1] = nil end, "x must be a number, got nil" },
    { function() A[3] = { 1, 2, 3 } end, "A%[3%]: A is a 2x3 matrix" },
    { function() A[1] = 5 end, "A is a 2x3 matrix, and A%[i%] a row; write A%[i%]%[j%] = x" },
    { function() A[1] = { 1, 2 } end, "a row of A has 3 numbers and x has 2" },
    { function() A[1][4] = 1 end, "A%[4%]: A is a 1x3 vector" },
    { function() return A.foo end, "there is no A.foo" },
    { function() return A.row_range end, "there is no A.row_range; did you mean rowrange" },
    { function() return A.colums end, "there is no A.colums; did you mean cols" },
    { function() return A:sqrtt() end, "there is no A.sqrtt; did you mean sqrt" },
    { function() A.foo = 1 end, "A.foo can't be assigned to" },
    { function() A.rows = 1 end, "A.rows can't be assigned to" },
  }
  for _, case in ipairs(bad) do
    it("refused: " .. case[2], function()
      local before = A:copy()
      assert.error_matches(case[1], (case[2]:gsub("^v%?", "")))
      assert.is_true(A == before)
    end)
  end
end)

describe("a matrix", function()
  it("tells its shape", function()
    local A = matrix.zeros(3, 4)
    assert.equal(3, A.rows)
    assert.equal(4, A.cols)
    assert.equal(12, A.count)
    assert.equal("integer", math.type(A.rows))
    assert.equal(3, #A)
    assert.equal(4, #A:row(1))
    assert.equal(0, #matrix.zeros(0, 3))
    assert.equal(1, #matrix.ones(1, 1))
  end)

  it("is told by its metatable, which can't be changed", function()
    assert.equal("linnet.Matrix", getmetatable(matrix {}))
    assert.has_error(function() setmetatable(matrix {}, {}) end)
  end)

  it("gives single numbers by place", function()
    local A = matrix { { 1, 2 }, { 3, 4 } }
    assert.equal(3, A:get(2, 1))
    assert.is_true(A:set(2, 1, 9) == A)
    assert.equal(9, A[2][1])
    assert.equal(7, matrix { 7 }:item())
    assert.error_matches(function() A:get(3, 1) end, "A:get: i = 3: must lie between 1 and 2")
    assert.error_matches(function() A:get(1) end, "A:get: j must be a whole number, got nil")
    assert.error_matches(function() A:set(1, 0, 1) end, "A:set: j = 0: must lie between 1 and 2")
    assert.error_matches(function() A:set(1, 1, "1") end, "A:set: x must be a number, got the string '1'")
    assert.error_matches(function() A:item() end, "A:item: A is 2x2; only a 1x1 matrix is one number")
  end)

  it("says when a method is called without it", function()
    local A = matrix { 1 }
    assert.error_matches(function() A.exp() end, "A:exp: A must be a matrix, got nil")
    assert.error_matches(function() A.get(1, 2, 3) end, "A:get: A must be a matrix, got 1")
    assert.error_matches(function() A.exp(io.stdout) end, "A:exp: A must be a matrix, got a userdata")
  end)
end)

describe("views", function()
  local function grid() return matrix.range(1, 20):reshape(4, 5) end

  it("share the numbers of their matrix, through any depth", function()
    local A = grid()
    local B = A:block(2, 4, 2, 5)
    local C = B:colrange(2, 3)
    local D = C:row(3)
    assert.is_true(C == A:block(2, 4, 3, 4))
    D[2] = -1
    assert.equal(-1, A:get(4, 4))
    A:set(2, 3, -2)
    assert.equal(-2, C:get(1, 1))
    A:col(1):fill(0)
    A:rowrange(1, 2):scal(10)
    assert.is_true(A:row(1) == matrix { { 0, 50, 90, 130, 170 } })
    A:block(3, 4, 1, 2):assign(matrix { { 1, 2 }, { 3, 4 } })
    assert.is_true(A:block(3, 4, 1, 2) == matrix { { 1, 2 }, { 3, 4 } })
  end)

  it("keep their matrix alive", function()
    local views = {}
    for i = 1, 50 do views[i] = matrix.full(200, 10, i):block(2, 100, 3, 4):col(2):rowrange(1, 5) end
    collectgarbage()
    collectgarbage()
    for _ = 1, 50 do matrix.full(200, 10, -1) end
    for i = 1, 50 do assert.is_true(views[i] == matrix.full(5, 1, i)) end
  end)

  it("may be empty", function()
    local A = grid()
    assert.equal("0x5", A:rowrange(2, 1).rows .. "x" .. A:rowrange(2, 1).cols)
    assert.equal(0, A:rowrange(5, 4).count)
    assert.equal(0, A:block(1, 0, 1, 0):sum())
    assert.is_true(A:colrange(6, 5) + 1 == matrix.zeros(4, 0))
  end)

  it("give the same as copies in every operation", function()
    local root = matrix.range(1, 63):reshape(9, 7):map(function(x) return math.sin(3 * x) end)
    local views = { root:block(2, 5, 3, 6), root:row(3), root:col(4), root:rowrange(4, 7):colrange(1, 4),
      root:block(1, 4, 2, 5), root:block(3, 3, 3, 3) }
    for _, V in ipairs(views) do
      local C = V:copy()
      for _, f in ipairs { "exp", "abs", "sign", "copy", "sum", "mean", "max", "min", "argmax", "median", "norm",
        "sort", "argsort", "cumsum", "any", "all", "totable" } do
        assert.same({ C[f](C) }, { V[f](V) })
      end
      for d = 1, 2 do
        for _, f in ipairs { "sum", "max", "sort", "cumsum", "argsort", "median", "all" } do
          assert.same({ C[f](C, d) }, { V[f](V, d) })
        end
        assert.equal(tostring(C:var(d)), tostring(V:var(d))) -- NaN where a line is one number
      end
      assert.is_true(V == C and V + C == C + C and V - 1 == C - 1 and 2 * V == C + C and V.T == C.T)
      assert.is_true(V:times(C) == C:times(V) and V:clamp(-0.5, 0.5) == C:clamp(-0.5, 0.5))
      assert.is_true(V:tmul(V) == C:tmul(C) and V:mult(V) == C:mult(C))
      assert.equal(C:dot(C), V:dot(V))
      assert.is_true(V:dot(C) == C:dot(C) and V:quantile(0.3) == C:quantile(0.3))
      assert.equal(tostring(C), tostring(V))
      assert.is_true(matrix.hcat(V, C) == matrix.hcat(C, C) and matrix.kron(V, V) == matrix.kron(C, C))
      assert.is_true(V:tile(2, 2) == C:tile(2, 2))
    end
  end)

  local A = grid()
  local bad = {
    { function() A:row(5) end, "A:row: i = 5: must lie between 1 and 4" },
    { function() A:col(0) end, "A:col: j = 0: must lie between 1 and 5" },
    { function() A:col() end, "A:col: j must be a whole number, got nil" },
    { function() A:rowrange(1, 5) end, "A:rowrange: k = 5: must lie between 0 and 4" },
    { function() A:rowrange(3, 1) end, "A:rowrange: k = 1: must lie between 2 and 4" },
    { function() A:colrange(0, 2) end, "A:colrange: j = 0" },
    { function() A:colrange(1, 2.5) end, "A:colrange: l must be a whole number, got 2.5" },
    { function() A:block(1, 2, 1) end, "A:block: l must be a whole number, got nil" },
    { function() A:block(1, 2, 7, 7) end, "A:block: j = 7: must lie between 1 and 6" },
    { function() A:block(1, math.maxinteger, 1, 1) end, "A:block: k = 9223372036854775807" },
  }
  for _, case in ipairs(bad) do
    it("refused: " .. case[2], function() assert.error_matches(case[1], case[2]) end)
  end
end)

describe("writing where a view overlaps its source", function()
  -- Every pair of 2x3 blocks of a 4x5 matrix, against writing from a copy.
  local function each_pair(check)
    for i = 1, 3 do
      for j = 1, 3 do
        for k = 1, 3 do
          for l = 1, 3 do
            local A = matrix.range(1, 20):reshape(4, 5)
            local B = A:copy()
            check(A:block(i, i + 1, j, j + 2), A:block(k, k + 1, l, l + 2), B:block(k, k + 1, l, l + 2),
              B:block(i, i + 1, j, j + 2):copy())
            assert.is_true(A == B)
          end
        end
      end
    end
  end

  it("assigns as if copied first", function()
    each_pair(function(from, to, expected, copy)
      to:assign(from)
      expected:assign(copy)
    end)
  end)

  it("adds as if copied first", function()
    each_pair(function(from, to, expected, copy)
      to:axpy(0.5, from)
      expected:axpy(0.5, copy)
    end)
  end)

  it("assigns rows as if copied first", function()
    local A = matrix { { 1, 2 }, { 3, 4 } }
    A[1] = A[2]
    assert.is_true(A == matrix { { 3, 4 }, { 3, 4 } })
    local B = matrix { { 1, 2 }, { 3, 4 } }
    B[1] = B:col(1)
    assert.is_true(B == matrix { { 1, 3 }, { 3, 4 } })
    B[2] = B:col(2)
    assert.is_true(B == matrix { { 1, 3 }, { 3, 4 } })
  end)
end)
