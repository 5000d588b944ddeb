-- Operators, products and changes in place.

local A = matrix { { 1, 2, 3 }, { 4, 5, 6 } }
local B = matrix { { 10, 20, 30 }, { 40, 50, 60 } }
local column, row = matrix { 100, 200 }, matrix { { 7, 8, 9 } }

describe("operators entry by entry", function()
  it("take two matrices of one shape", function()
    assert.is_true(A + B == matrix { { 11, 22, 33 }, { 44, 55, 66 } })
    assert.is_true(B - A == matrix { { 9, 18, 27 }, { 36, 45, 54 } })
    assert.is_true(A:times(B) == matrix { { 10, 40, 90 }, { 160, 250, 360 } })
    assert.is_true(B:over(A) == matrix.full(2, 3, 10))
    assert.is_true(-A == A * -1)
  end)

  it("take numbers on either side", function()
    assert.is_true(A + 1 == matrix { { 2, 3, 4 }, { 5, 6, 7 } })
    assert.is_true(1 + A == A + 1)
    assert.is_true(A - 1 == matrix { { 0, 1, 2 }, { 3, 4, 5 } })
    assert.is_true(10 - A == matrix { { 9, 8, 7 }, { 6, 5, 4 } })
    assert.is_true(2 * A == A + A and A * 2 == A + A)
    assert.is_true(A / 2 == 0.5 * A)
    assert.is_true(A:times(2) == 2 * A and A:over(2) == A / 2)
    assert.is_true(matrix { 1 } / 0 == matrix { math.huge })
  end)

  it("spread a column over the columns and a row over the rows", function()
    assert.is_true(A + column == matrix { { 101, 102, 103 }, { 204, 205, 206 } })
    assert.is_true(column + A == A + column)
    assert.is_true(A - row == matrix { { -6, -6, -6 }, { -3, -3, -3 } })
    assert.is_true(row - A == -(A - row))
    assert.is_true(column - A == -(A - column))
    assert.is_true(A:times(column) == matrix.diag(column) * A)
    assert.is_true(A:times(row) == A * matrix.diag(row))
    assert.is_true(column:over(A) == matrix { { 100, 50, 100 / 3 }, { 50, 40, 200 / 6 } })
    assert.is_true(A:over(row):times(row):sum() - A:sum() < 1e-12)
    assert.is_true(A + row:copy() == A + matrix.vcat(row, row, row):row(2)) -- a view of a row
  end)

  it("don't touch what they read", function()
    local a, b = A:copy(), column:copy()
    local results = { A + column, A:times(column), -A, 3 * A }
    assert.equal(4, #results)
    assert.is_true(A == a and column == b)
  end)

  it("compare as 0 and 1", function()
    assert.is_true(A:gt(3) == matrix { { 0, 0, 0 }, { 1, 1, 1 } })
    assert.is_true(A:ge(3) == matrix { { 0, 0, 1 }, { 1, 1, 1 } })
    assert.is_true(A:lt(B) == matrix.ones(2, 3))
    assert.is_true(A:le(row) == matrix.ones(2, 3))
    assert.is_true(A:eq(matrix { 1, 5 }) == matrix { { 1, 0, 0 }, { 0, 1, 0 } })
    local nan = matrix { 0 / 0 }
    for _, f in ipairs { "gt", "ge", "lt", "le", "eq" } do assert.equal(0, nan[f](nan, nan)[1]) end
  end)
end)

describe("A == B", function()
  it("needs the same shape and numbers", function()
    assert.is_true(A == A:copy())
    assert.is_false(A == A + 1)
    assert.is_false(A == A.T)
    assert.is_false(A == A:reshape(3, 2))
    assert.is_false(A == nil)
    assert.is_false(A == 1)
    assert.is_false(A == io.stdout)
    assert.is_false(io.stdout == A)
    assert.is_true(matrix.zeros(0, 3) == matrix.zeros(0, 3))
    assert.is_false(matrix.zeros(0, 3) == matrix.zeros(3, 0))
    assert.is_true(matrix { 0 } == matrix { -0.0 })
    assert.is_false(matrix { 0 / 0 } == matrix { 0 / 0 })
  end)
end)

-- The sum of products, in Lua.
local function product(X, Y)
  return matrix.zeros(X.rows, Y.cols):map(function(_, i, j)
    local sum = 0
    for k = 1, X.cols do sum = sum + X:get(i, k) * Y:get(k, j) end
    return sum
  end)
end

local function numbers(m, n, seed)
  return matrix.zeros(m, n):map(function(_, i, j) return math.sin(seed + 13 * i + 7 * j) end)
end

describe("products", function()
  it("are sums of products", function()
    for _, size in ipairs { { 1, 1, 1 }, { 2, 3, 4 }, { 5, 1, 5 }, { 1, 6, 1 }, { 17, 9, 4 }, { 0, 3, 2 }, { 2, 0, 3 } } do
      local X, Y = numbers(size[1], size[2], 1), numbers(size[2], size[3], 2)
      local expected = product(X, Y)
      assert.close(X * Y, expected, 1e-14)
      assert.close(X.T:tmul(Y), expected, 1e-14)
      assert.close(X:mult(Y.T), expected, 1e-14)
    end
  end)

  it("of a matrix with itself are symmetric to the last bit", function()
    local X = numbers(30, 20, 3)
    local G, H = X:tmul(X), X:mult(X)
    assert.is_true(G == G.T and H == H.T)
    assert.close(G, X.T * X, 1e-14)
    assert.close(H, X * X.T, 1e-14)
  end)

  it("take parts of one matrix", function()
    local X = numbers(8, 8, 4)
    local P, Q = X:block(1, 3, 2, 6), X:block(2, 6, 1, 4)
    assert.close(P * Q, product(P:copy(), Q:copy()), 1e-14)
  end)

  it("carry NaN and infinity", function()
    local X = matrix { { 0 / 0, 1 }, { math.huge, 1 } } * matrix { 1, 1 }
    assert.is_true(X[1] ~= X[1] and X[2] == math.huge)
  end)

  it("powers", function()
    local X = matrix { { 1, 1 }, { 1, 0 } }
    assert.is_true(X ^ 10 == matrix { { 89, 55 }, { 55, 34 } })
    assert.is_true(X ^ 0 == matrix.eye(2))
    assert.is_true(X ^ 1 == X)
    assert.close(X ^ -1 * X, matrix.eye(2), 1e-15)
    assert.close(X ^ -3 * X ^ 3, matrix.eye(2), 1e-14)
    assert.is_true(X ^ 2.0 == X * X)
  end)
end)

describe("in place,", function()
  it("axpy adds, scal scales, fill fills, assign copies", function()
    local Y = A:copy()
    assert.is_true(rawequal(Y:axpy(2, B), Y))
    assert.is_true(Y == A + 2 * B)
    assert.is_true(rawequal(Y:scal(-1), Y) and Y == -(A + 2 * B))
    assert.is_true(rawequal(Y:assign(A), Y) and Y == A)
    assert.is_true(Y:axpy(1, Y) == 2 * A)
    assert.is_true(rawequal(Y:fill(3), Y) and Y == matrix.full(2, 3, 3))
    assert.is_true(Y:fill(0 / 0):isfinite():sum() == 0)
    assert.is_true(A:copy():scal(0 / 0):isfinite():sum() == 0 and A:copy():axpy(0 / 0, A):isfinite():sum() == 0)
  end)

  it("gemm has every form", function()
    local forms = { n = function(X) return X end, t = function(X) return X.T end }
    for ta, first in pairs(forms) do
      for tb, second in pairs(forms) do
        local X, Y, C = numbers(3, 4, 1), numbers(4, 5, 2), numbers(3, 5, 3)
        local expected = 2 * product(X, Y) - 0.5 * C
        assert.close(C:gemm(2, first(X), second(Y), -0.5, ta, tb), expected, 1e-14)
      end
    end
    local C = numbers(2, 2, 1)
    assert.close(C:copy():gemm(1, A, B.T, 0), A:mult(B), 1e-15)
    assert.is_true(matrix.full(2, 2, 0 / 0):gemm(1, A, B, 0, "n", "t") == A:mult(B)) -- 0 times C does not read it
    assert.is_true(matrix.ones(2, 3):gemm(1, matrix.zeros(2, 0), matrix.zeros(0, 3), 2) == matrix.full(2, 3, 2))
  end)

  it("gemm writes beside what it reads in one matrix, never on it", function()
    local X = numbers(6, 6, 5)
    local top, left, right = X:block(1, 2, 1, 2), X:block(3, 4, 1, 2), X:block(5, 6, 1, 2)
    local expected = left * right
    assert.close(top:gemm(1, left, right, 0), expected, 1e-15)
    for _, blocks in ipairs { { left, left, right }, { left, right, left }, { X:block(4, 5, 1, 2), left, right },
      { X:block(5, 6, 2, 3), left, right } } do
      local before = X:copy()
      assert.error_matches(function() blocks[1]:gemm(1, blocks[2], blocks[3], 0) end,
        "C:gemm: C shares numbers with [AB]; give the product a matrix of its own")
      assert.is_true(X == before)
    end
  end)
end)

local bad = {
  { function() return A * A end, "matrix product: A is 2x3 and B is 2x3; A has 3 columns and B has 2 rows" },
  { function() return A * {} end, "matrix product: B must be a matrix or a number, got a table" },
  { function() return "2" * A end, "matrix product: A must be a matrix or a number, got the string '2'" },
  { function() return A * nil end, "matrix product: B must be a matrix or a number, got nil" },
  { function() return A + A.T end, "matrix sum: A is 2x3 and B is 3x2; the shapes must be equal, or one a 2x1 column or a 1x3" },
  { function() return A - column.T end, "matrix difference: A is 2x3 and B is 1x2; the shapes must be equal" },
  { function() return column.T + A end, "matrix sum: A is 1x2 and B is 2x3; .* one a 2x1 column or a 1x3 row" },
  { function() return column + row end, "matrix sum: A is 2x1 and B is 1x3; two vectors must have the same shape" },
  { function() return column + column.T end, "matrix sum: A is 2x1 and B is 1x2; two vectors" },
  { function() return A + matrix { 1 } end, "matrix sum: A is 2x3 and B is 1x1; a 1x1 matrix is made a number by :item%(%)" },
  { function() return A + true end, "matrix sum: B must be a matrix or a number, got true" },
  { function() return A / A end, "matrix quotient: A / B is not defined for two matrices; A:over%(B%) divides entries" },
  { function() return 1 / A end, "matrix quotient: x / A is not defined; A:pow%(%-1%) inverts entries" },
  { function() return A ^ 2 end, "matrix power: A is 2x3; a square matrix is needed" },
  { function() return matrix.eye(2) ^ 0.5 end, "matrix power: the exponent must be a whole number, got 0.5; A:pow" },
  { function() return 2 ^ A end, "matrix power: the base must be a matrix, got 2" },
  { function() return A ^ A end, "matrix power: the exponent must be a whole number, got a 2x3 matrix" },
  { function() return matrix.zeros(2, 2) ^ -1 end, "matrix power: .*singular" },
  { function() return A:times("x") end, "A:times: B must be a matrix or a number, got the string 'x'" },
  { function() return A:times() end, "A:times: B must be a matrix or a number, got nil" },
  { function() return A.times(2, A) end, "A:times: A must be a matrix, got 2" },
  { function() return A:gt({}) end, "A:gt: B must be a matrix or a number, got a table" },
  { function() return A:tmul(row) end, "A:tmul: A is 2x3 and B is 1x3; A' B needs as many rows in B as in A" },
  { function() return A:mult(column) end, "A:mult: A is 2x3 and B is 2x1; A B' needs as many columns in B as in A" },
  { function() return A:mult(2) end, "A:mult: B must be a matrix, got 2" },
  { function() return A:axpy(1, A.T) end, "Y:axpy: Y is 2x3 and X is 3x2; the shapes must be equal" },
  { function() return A:axpy(A, 1) end, "Y:axpy: a must be a number, got a 2x3 matrix" },
  { function() return A:axpy(1, 1) end, "Y:axpy: X must be a matrix, got 1" },
  { function() return A:scal("2") end, "Y:scal: a must be a number, got the string '2'" },
  { function() return A:fill() end, "Y:fill: x must be a number, got nil" },
  { function() return A:assign(row) end, "Y:assign: Y is 2x3 and X is 1x3; the shapes must be equal" },
  { function() return A:assign(3) end, "Y:assign: X must be a matrix, got 3" },
  { function() return A:gemm(1, A, B, 0) end,
    "C:gemm: op%(A%) is 2x3, op%(B%) is 2x3 and C is 2x3; the product needs as many columns in op%(A%) as rows" },
  { function() return A:gemm(1, A, B, 0, "n", "t") end, "the product needs a C with op%(A%)'s rows and op%(B%)'s" },
  { function() return A:gemm(1, A, B, 0, "x") end, 'C:gemm: the form of A must be "n" .*got the string \'x\'' },
  { function() return A:gemm(1, A, B, 0, "n", 1) end, 'C:gemm: the form of B must be "n" .*got 1' },
  { function() return A:gemm(1, A, B) end, "C:gemm: b must be a number, got nil" },
}
describe("refused:", function()
  for _, case in ipairs(bad) do
    it(case[2], function()
      local before = A:copy()
      assert.error_matches(case[1], case[2])
      assert.is_true(A == before)
    end)
  end
end)

describe("memory", function()
  -- In a process of its own: AddressSanitizer, where it is built in, is told not to keep what was freed.
  local script = [[
    local function resident() -- bytes
      local file = assert(io.open "/proc/self/statm")
      local pages = file:read "a":match "%%d+ (%%d+)"
      file:close()
      return tonumber(pages) * 4096
    end
    collectgarbage "%s"
    local X, sum = matrix.ones(100, 100), 0
    local start = resident()
    for i = 1, 20000 do sum = sum + (X * i)[1][1] end
    assert(sum == 20000 * 20001 / 2)
    print(resident() - start)]]

  for _, mode in ipairs { "incremental", "generational" } do
    it("20 000 temporaries of 80 kB stay under 20 MB, " .. mode, function()
      local name = os.tmpname()
      local file = assert(io.open(name, "w"))
      file:write(script:format(mode))
      file:close()
      local child = assert(io.popen("ASAN_OPTIONS=quarantine_size_mb=1 '" .. os.getenv "LINNET" .. "' " .. name))
      local grown = tonumber(child:read "a")
      child:close()
      os.remove(name)
      assert.is_true(grown < 20e6, grown .. " bytes more")
    end)
  end
end)
