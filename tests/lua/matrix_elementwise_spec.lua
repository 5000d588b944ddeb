-- Functions of every entry, the library's and those written in Lua.

local cases = dofile "tests/data/matrix_elementwise.lua"
local x = cases.x

--- Entry by entry, to a relative error; NaN and infinities in the same places.
local function agrees(found, expected, tolerance, name)
  for i = 1, x.count do
    local a, b = found[i], expected[i]
    local same = a == b or (a ~= a and b ~= b) or math.abs(a - b) <= tolerance * math.abs(b)
    assert.is_true(same, ("%s(%.17g) = %.17g, expected %.17g"):format(name, x[i], a, b))
  end
end

describe("functions of every entry agree with NumPy and SciPy:", function()
  for _, name in ipairs { "exp", "log", "log1p", "expm1", "sqrt", "abs", "sin", "cos", "tanh", "erf", "relu", "sign",
    "floor", "isfinite" } do
    it(name, function() agrees(x[name](x), cases[name], 1e-15, name) end)
  end
  it("pow", function()
    agrees(x:pow(2), cases.square, 1e-15, "pow(2)")
    agrees(x:pow(-1), cases.inverse, 1e-15, "pow(-1)")
    agrees(x:pow(1), x, 0, "pow(1)")
  end)
  it("clamp", function() agrees(x:clamp(-1, 1.5), cases.clamped, 0, "clamp") end)
end)

describe("functions of every entry", function()
  it("keep the shape and leave the matrix alone", function()
    local A = matrix { { 1, -2, 3 }, { -4, 5, -6 } }
    assert.is_true(A:abs() == matrix { { 1, 2, 3 }, { 4, 5, 6 } })
    assert.is_true(A:relu() == matrix { { 1, 0, 3 }, { 0, 5, 0 } })
    assert.is_true(A == matrix { { 1, -2, 3 }, { -4, 5, -6 } })
    assert.equal(0, matrix.zeros(0, 4):exp().count)
    assert.equal(4, matrix.zeros(0, 4):exp().cols)
  end)

  it("treat long columns as short ones", function() -- past every block that a loop may be unrolled by
    local A = matrix.linspace(-3, 3, 1003)
    for _, name in ipairs { "exp", "abs", "sign", "relu", "floor", "sqrt", "isfinite" } do
      local whole = A[name](A)
      for _, i in ipairs { 1, 2, 3, 501, 502, 1000, 1001, 1002, 1003 } do
        local one = matrix { A[i] }
        assert.is_true(whole[i] == one[name](one)[1] or whole[i] ~= whole[i] and A[i] < 0)
      end
    end
  end)
end)

describe("A:map", function()
  local A = matrix { { 1, 2, 3 }, { 4, 5, 6 } }

  it("gives f the number and its place", function()
    assert.is_true(A:map(function(a, i, j) return a + 10 * i + 100 * j end)
      == matrix { { 111, 212, 313 }, { 124, 225, 326 } })
    assert.is_true(A:map(math.sqrt) == A:sqrt())
  end)

  it("goes on after an error in f", function()
    assert.error_matches(function() A:map(function(a) if a > 4 then error "too much" end return a end) end, "too much")
    assert.error_matches(function() A:map(function(a) return a < 5 and a or nil end) end,
      "A:map: f must return a number; at %(2, 2%) it returned nil")
    assert.error_matches(function() A:map(3) end, "A:map: f must be a function, got 3")
    assert.is_true(A:map(function(a) return a end) == A)
  end)

  it("may use matrices inside f", function()
    local B = A:map(function(a) return (matrix { a, a } * 2):sum() end)
    assert.is_true(B == 4 * A)
  end)

  it("of several matrices takes their numbers together", function()
    local f = function(a, b, i, j) return a * b + i - j end
    assert.is_true(matrix.map(f, A, 2 * A) == matrix { { 2, 7, 16 }, { 33, 50, 71 } })
    assert.is_true(matrix.map(math.max, A, A.T:reshape(2, 3), A) ~= A)
    assert.is_true(matrix.map(function(a) return -a end, A) == -A)
    assert.is_true(matrix.map(function(a, b, c, d) return a - b + c - d end, A, A, A, A) == matrix.zeros(2, 3))
    assert.error_matches(function() matrix.map(f, A, A.T) end,
      "matrix.map: the matrices must have one shape; A is 2x3 and argument 3 is 3x2")
    assert.error_matches(function() matrix.map(f, A, 2) end, "matrix.map: every argument after f must be a matrix, got 2")
    assert.error_matches(function() matrix.map(A, f) end, "matrix.map: f must be a function, got a 2x3 matrix")
    assert.error_matches(function() matrix.map(f) end, "matrix.map: A must be a matrix, got nil")
  end)
end)

describe("refused:", function()
  local A = matrix { 1, 2 }
  local bad = {
    { function() A:pow() end, "A:pow: p must be a number, got nil" },
    { function() A:pow(A) end, "A:pow: p must be a number, got a 2x1 matrix" },
    { function() A:clamp(1) end, "A:clamp: hi must be a number, got nil" },
    { function() A:clamp(2, 1) end, "A:clamp: lo = 2 is above hi = 1" },
    { function() A:clamp(0 / 0, 1) end, "A:clamp: lo must be a number, got NaN" },
  }
  for _, case in ipairs(bad) do
    it(case[2], function() assert.error_matches(case[1], case[2]) end)
  end
end)
