-- The linear algebra as methods: values of NumPy and SciPy, results' shapes and order, and what is refused.

local cases = dofile "tests/data/linalg.lua"

local function each(field, check)
  local count = 0
  for _, case in ipairs(cases) do
    if case[field] then
      check(case.A, case[field], case)
      count = count + 1
    end
  end
  assert.is_true(count > 0)
end

--- U diag(s) V'
local function compose(U, s, V)
  local k = s.count
  return U:colrange(1, k) * matrix.diag(s) * V:colrange(1, k).T
end

describe("the linear algebra agrees with NumPy and SciPy:", function()
  it("svd", function()
    each("s", function(A, s)
      local U, found, V = A:svd()
      assert.close(found, s, 1e-13)
      assert.close(compose(U, found, V), A, 1e-14)
      assert.close(U.T * U, matrix.eye(s.count), 1e-14)
      assert.close(V.T * V, matrix.eye(s.count), 1e-14)
    end)
  end)

  it("eigh", function()
    each("w", function(A, w)
      local found, Q = A:eigh()
      assert.close(found, w, 1e-13)
      assert.close(Q * matrix.diag(w) * Q.T, A, 1e-13)
    end)
  end)

  it("eig, sorted, with complex pairs in two columns", function()
    each("wr", function(A, wr, case)
      local real, imaginary, V = A:eig()
      assert.close(real, wr, 1e-12)
      assert.close(imaginary, case.wi, 1e-12)
      local D = matrix.diag(real)
      for i = 1, #real do
        if imaginary[i] > 0 then
          D:set(i, i + 1, imaginary[i])
          D:set(i + 1, i, -imaginary[i])
        end
      end
      assert.close(A * V, V * D, 1e-13)
    end)
  end)

  it("solve, inv, det and logdet", function()
    each("solution", function(A, X, case)
      assert.close(A:solve(case.B), X, 1e-12)
      assert.close(A:inv(), case.inverse, 1e-12)
    end)
    each("determinant", function(A, determinant) assert.close(A:det() / determinant, 1, 1e-13) end)
    each("logdet", function(A, expected, case)
      local size, sign = A:logdet()
      assert.close(size, expected, 1e-13)
      assert.are.equal(case.sign, sign)
    end)
  end)

  it("lstsq and pinv for every shape, of full rank and not", function()
    each("least_squares", function(A, X, case)
      assert.close(A:lstsq(case.B), X, 1e-12)
      assert.close(A:pinv(), case.pseudo_inverse, 1e-12)
    end)
  end)

  it("cond, chol, expm and sqrtm", function()
    each("condition", function(A, condition) assert.close(A:cond() / condition, 1, 1e-12) end)
    each("cholesky", function(A, L) assert.close(A:chol(), L, 1e-13) end)
    each("exponential", function(A, E, case)
      assert.close((case.name == "positive" and A / 10 or A):expm(), E, 1e-12)
    end)
    each("root", function(A, X) assert.close(A:sqrtm(), X, 1e-12) end)
  end)
end)

describe("the linear algebra", function()
  local tall, wide = matrix { { 1, 2 }, { 3, 4 }, { 5, 6 } }, matrix { { 1, 2, 3 }, { 4, 5, 6 } }
  local low = matrix { { 1, 2, 3 }, { 2, 4, 6 }, { 3, 6, 9 } }

  local function shape(A) return A.rows .. "x" .. A.cols end
  local function shapes(...)
    local all = {}
    for i, A in ipairs { ... } do all[i] = shape(A) end
    return table.concat(all, " ")
  end

  it("gives thin and full singular vectors, and columns of values", function()
    assert.are.equal("3x2 2x1 2x2", shapes(tall:svd()))
    assert.are.equal("2x2 2x1 3x2", shapes(wide:svd()))
    assert.are.equal("3x3 2x1 2x2", shapes(tall:svd { full = true }))
    assert.are.equal("2x2 2x1 3x3", shapes(wide:svd { full = true }))
    assert.are.equal("2x2 2x1 3x2", shapes(wide:svd { full = false }))
    assert.are.equal("3x1 3x3", shapes(low:eigh()))
    assert.are.equal("3x1 3x1 3x3", shapes(low:eig()))
    assert.are.equal("3x2 2x2", shapes(tall:qr()))
    assert.are.equal("2x2 2x3", shapes(wide:qr()))
    assert.are.equal("2x1", shapes(tall:lstsq { 1, 2, 3 }))
    assert.are.equal("2x3", shapes(tall:pinv()))
  end)

  it("fixes signs: the first entry that is not rounding is positive", function()
    local U, s, V = (-tall):svd()
    assert.is_true(V:get(1, 1) > 0 and V:get(1, 2) > 0)
    assert.close(compose(U, s, V), -tall, 1e-14)
    local _, Q = matrix { { 2, -1 }, { -1, 2 } }:eigh()
    assert.is_true(Q:get(1, 1) > 0 and Q:get(1, 2) > 0)
    local _, R = (-tall):qr()
    assert.is_true(R:get(1, 1) > 0 and R:get(2, 2) > 0)
  end)

  it("gives the unit vectors where every vector would do", function()
    local U, s, V = (2 * matrix.eye(3)):svd()
    assert.is_true(U == matrix.eye(3) and V == matrix.eye(3) and s == matrix { 2, 2, 2 })
    U, s, V = matrix.zeros(2, 3):svd { full = true }
    assert.is_true(U == matrix.eye(2) and V == matrix.eye(3) and s == matrix { 0, 0 })
    local _, Q = matrix.eye(4):eigh()
    assert.is_true(Q == matrix.eye(4))
  end)

  it("knows rank, range and null space, to a tolerance", function()
    assert.are.equal(1, low:rank())
    assert.are.equal(2, tall:rank())
    assert.are.equal(1, tall:rank(0.5))
    assert.are.equal("3x1 3x2", shapes(low:orth(), low:null()))
    assert.are.equal("2x0", shape(tall:null()))
    assert.are.equal("3x1", shape(wide:null()))
    assert.are.equal("2x1", shape(tall:null(0.5)))
    assert.close(low + low * low:null() * matrix.ones(2, 3), low, 1e-14)
    assert.close(low:orth() * low:orth().T * low, low, 1e-14)
    assert.close(low:pinv(0.5), low / 196, 1e-14)
    assert.are.equal(math.huge, matrix.zeros(2):cond())
    assert.are.equal(0, matrix { { 1, 2 }, { 2, 4 } }:det())
    local size, sign = matrix { { 1, 2 }, { 2, 4 } }:logdet()
    assert.are.equal(-math.huge, size)
    assert.are.equal(0, sign)
  end)

  it("takes a list for B, and leaves what it was given", function()
    local A, B = matrix { { 2, 0 }, { 0, 4 } }, matrix { 2, 4 }
    assert.is_true(A:solve(B) == matrix { 1, 1 })
    assert.is_true(A:solve { { 2, 4 }, { 4, 8 } } == matrix { { 1, 2 }, { 1, 2 } })
    assert.is_true(A:solve { 2, 4 } == matrix { 1, 1 })
    for _, name in ipairs { "svd", "eigh", "eig", "qr", "chol", "inv", "expm", "sqrtm", "null" } do
      A[name](A)
    end
    assert.is_true(A == matrix { { 2, 0 }, { 0, 4 } } and B == matrix { 2, 4 })
  end)

  it("works on views", function()
    local whole = matrix { { 9, 9, 9, 9 }, { 9, 4, 1, 9 }, { 9, 1, 3, 9 }, { 9, 9, 9, 9 } }
    local A, view = matrix { { 4, 1 }, { 1, 3 } }, whole:block(2, 3, 2, 3)
    local _, s = view:svd()
    local _, expected = A:svd()
    assert.is_true(s == expected and view:inv() == A:inv() and view:chol() == A:chol())
    assert.are.equal(9, whole:get(3, 4))
  end)

  it("holds for empty matrices", function()
    local none, flat = matrix.zeros(0, 0), matrix.zeros(0, 3)
    assert.are.equal(1, none:det())
    assert.are.equal(1, none:cond())
    assert.are.equal(0, flat:rank())
    assert.are.equal("0x0 0x1 3x0", shapes(flat:svd()))
    local U, s, V = flat:svd { full = true }
    assert.are.equal("0x0 0x1 3x3", shapes(U, s, V))
    assert.is_true(V == matrix.eye(3))
    assert.is_true(flat:null() == matrix.eye(3))
    assert.are.equal("0x1 0x0", shapes(none:eigh()))
    assert.are.equal("0x0", shape(none:inv()))
    assert.is_true(flat:lstsq(matrix.zeros(0, 2)) == matrix.zeros(3, 2))
    assert.are.equal("3x0", shape(flat:pinv()))
  end)

  local nan, square = 0 / 0, matrix { { 4, 1 }, { 1, 3 } }
  local with_nan = matrix { { 1, 2 }, { nan, 1 } }
  local bad = {}
  for _, name in ipairs { "svd", "eigh", "eig", "qr", "chol", "inv", "pinv", "det", "logdet", "rank", "cond",
    "expm", "sqrtm", "orth", "null" } do
    bad[#bad + 1] = { name .. " of NaN", function() with_nan[name](with_nan) end,
      "matrix%." .. name .. ": A has NaN at %(2, 1%)" }
    bad[#bad + 1] = { name .. " without a matrix", function() square[name](3) end,
      "matrix%." .. name .. ": A must be a matrix, got 3" }
  end
  for name, hint in pairs { eigh = "", eig = "", chol = "", inv = " %(use pinv%)", det = "", logdet = "",
    expm = "", sqrtm = "" } do
    bad[#bad + 1] = { name .. " of a 2x3", function() wide[name](wide) end,
      "matrix%." .. name .. ": A is 2x3; a square matrix is needed" .. hint .. "$" }
  end
  for _, name in ipairs { "pinv", "rank", "orth", "null" } do
    bad[#bad + 1] = { name .. " to a negative tolerance", function() square[name](square, -0.1) end,
      "matrix%." .. name .. ": tol must be a number >= 0, got %-0.1" }
    bad[#bad + 1] = { name .. " to a tolerance in words", function() square[name](square, "small") end,
      "matrix%." .. name .. ": tol must be a number, got the string 'small'" }
  end
  for _, row in ipairs {
    { "infinity in B", function() square:solve { 1, math.huge } end,
      "matrix%.solve: B has an infinity at %(2, 1%)" },
    { "solve of a 2x3", function() wide:solve { 1, 2 } end,
      "matrix%.solve: A is 2x3; a square matrix is needed %(use lstsq%)" },
    { "solve with too many rows", function() square:solve { 1, 2, 3 } end,
      "matrix%.solve: A is 2x2 and B is 3x1; A and B need the same number of rows" },
    { "solve without B", function() square:solve() end,
      "matrix%.solve: B must be a matrix or a list.*got nil" },
    { "solve with a ragged B", function() square:solve { { 1, 2 }, { 3 } } end,
      "matrix%.solve: B: row 2 has 1" },
    { "a singular solve", function() low:solve { 1, 2, 3 } end,
      "matrix%.solve: A %(3x3%) is singular to working precision: its reciprocal condition is" },
    { "a singular inverse", function() low:inv() end,
      "matrix%.inv: A %(3x3%) is singular to working precision" },
    { "lstsq with other rows", function() tall:lstsq { 1, 2 } end, "matrix%.lstsq: A is 3x2 and B is 2x1" },
    { "lstsq to a negative tolerance", function() tall:lstsq({ 1, 2, 3 }, -1) end,
      "tol must be a number >= 0" },
    { "a misspelt option of svd", function() square:svd { ful = true } end,
      "matrix%.svd: unknown option 'ful'; did you mean 'full'" },
    { "an option of svd of the wrong type", function() square:svd { full = 1 } end,
      "matrix%.svd: full must be" },
    { "options of svd that are no table", function() square:svd "full" end,
      "matrix%.svd: a table of options is needed %(full%), got the string 'full'" },
    { "eigh of what is not symmetric", function() matrix { { 1, 2 }, { 3, 4 } }:eigh() end,
      "matrix%.eigh: A is not symmetric: 3 at %(2, 1%) and 2 at %(1, 2%)" },
    { "chol of what is not symmetric", function() matrix { { 1, 2 }, { 3, 4 } }:chol() end, "not symmetric" },
    { "chol of what is not positive", function() matrix { { 1, 2 }, { 2, 1 } }:chol() end,
      "matrix%.chol: A is not positive definite: its leading minor of order 2 is not positive" },
    { "a root that does not exist", function() matrix { { -4, 0 }, { 0, 1 } }:sqrtm() end,
      "matrix%.sqrtm: A has the negative eigenvalue %-4, so it has no principal square root" },
    { "an exponential beyond the numbers", function() matrix { { 1e4 } }:expm() end,
      "matrix%.expm: .*overflows" },
    { "eigh too large to be square", function() matrix.zeros(60000, 1):eigh() end,
      "A is 60000x1; a square matrix is needed" },
  } do bad[#bad + 1] = row end

  for _, row in ipairs(bad) do
    it("refuses " .. row[1], function() assert.error_matches(row[2], row[3]) end)
  end

  it("goes on after an error", function()
    pcall(low.inv, low)
    assert.is_true(matrix { { 2, 0 }, { 0, 4 } }:inv() == matrix { { 0.5, 0 }, { 0, 0.25 } })
  end)
end)
