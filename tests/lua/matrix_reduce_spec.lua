-- From many numbers to fewer: reductions, norms, sorting, quantiles, histograms.

local cases = dofile "tests/data/matrix_reduce.lua"

--- Numbers or matrices, relative to each number; NaN and infinities in the same places.
local function agrees(found, expected, tolerance, what)
  if type(expected) == "number" then
    local same = found == expected or (found ~= found and expected ~= expected)
      or math.abs(found - expected) <= tolerance * math.max(1, math.abs(expected))
    assert.is_true(same, ("%s: %.17g, expected %.17g"):format(what, found, expected))
    return
  end
  assert.equal(expected.rows .. "x" .. expected.cols, found.rows .. "x" .. found.cols, what)
  for i = 1, expected.rows do
    for j = 1, expected.cols do agrees(found:get(i, j), expected:get(i, j), tolerance, what) end
  end
end

--- The place in A:reshape(A.count, 1) of what a search over the whole returned.
local function flat(A, i, j) return j and i + (j - 1) * A.rows or i end

describe("agreement with NumPy:", function()
  for _, case in ipairs(cases) do
    it(case.name, function()
      local A = case.A
      for _, f in ipairs { "sum", "mean", "median", "var", "std" } do
        if case[f] then agrees(A[f](A), case[f], 1e-14, f) end
        for d = 1, 2 do
          if case[f .. d] then agrees(A[f](A, d), case[f .. d], 1e-14, f .. d) end
        end
      end
      for _, f in ipairs { "max", "min" } do
        local value, i, j = A[f](A)
        agrees(value, case[f], 0, f)
        assert.equal(case["arg" .. f], flat(A, i, j))
        assert.equal(case["arg" .. f], flat(A, A["arg" .. f](A)))
        for d = 1, 2 do
          local values, places = A[f](A, d)
          agrees(values, case[f .. d], 0, f .. d)
          agrees(places, case["arg" .. f .. d], 0, "arg" .. f .. d)
          agrees(A["arg" .. f](A, d), case["arg" .. f .. d], 0, "arg" .. f .. d)
        end
      end
      for _, f in ipairs { "sort", "argsort", "cumsum" } do
        agrees(A[f](A), case[f], 1e-14, f)
        if case[f .. 2] then
          agrees(A[f](A, 2), case[f .. 2], 1e-14, f .. 2)
          agrees(A[f](A, 1), case[f], 1e-14, f .. 1)
        end
      end
      if case.quantile then
        local q = { 0, 0.1, 0.25, 0.5, 0.83, 1 }
        agrees(A:quantile(q), case.quantile, 1e-14, "quantile")
        agrees(A:quantile(matrix(q).T), case.quantile, 1e-14, "quantile")
        agrees(A:quantile(q, 1), case.quantile1, 1e-14, "quantile1")
        agrees(A:quantile(q, 2), case.quantile2, 1e-14, "quantile2")
        agrees(A:quantile(0.83), case.quantile[5], 1e-14, "quantile")
        local h = A:histogram { bins = 5 }
        agrees(h.counts, case.counts, 0, "counts")
        agrees(h.density, case.density, 1e-14, "density")
        agrees(h.edges, case.edges, 1e-15, "edges")
        agrees(h.centers, (h.edges:rowrange(1, 5) + h.edges:rowrange(2, 6)) / 2, 1e-15, "centers")
        agrees(A:histogram { bins = { -3, -1, 0, 0.5, 3 } }.counts, case.counts_of_edges, 0, "counts of edges")
        agrees(A:histogram { bins = 4, range = { -1, 1.5 } }.counts, case.counts_in_range, 0, "counts in range")
        for kind, expected in pairs { fro = case.norm_fro, inf = case.norm_inf, nuc = case.norm_nuc } do
          agrees(A:norm(kind), expected, 1e-14, "norm " .. kind)
        end
        agrees(A:norm(), case.norm_fro, 1e-14, "norm")
        agrees(A:norm(1), case.norm_1, 1e-14, "norm 1")
        agrees(A:norm(2), case.norm_2, 1e-14, "norm 2")
        agrees(A:norm(math.huge), case.norm_inf, 1e-14, "norm inf")
      end
    end)
  end
end)

describe("reductions", function()
  it("give numbers over all, a row for the columns, a column for the rows", function()
    local A = matrix { { 1, 2, 3 }, { 4, 5, 6 } }
    assert.equal(21, A:sum())
    assert.is_true(A:sum(1) == matrix { { 5, 7, 9 } })
    assert.is_true(A:sum(2) == matrix { 6, 15 })
    assert.equal(21, A:sum(nil))
  end)

  it("give the place of the largest: i of a vector, i and j of a matrix", function()
    local A = matrix { { 1, 9, 3 }, { 4, 5, -6 } }
    assert.same({ 9.0, 1, 2 }, { A:max() })
    assert.same({ -6.0, 2, 3 }, { A:min() })
    assert.same({ 1, 2 }, { A:argmax() })
    assert.same({ 9.0, 2 }, { A:row(1):max() })
    assert.equal("integer", math.type(A:argmax()))
    local values, places = A:max(1)
    assert.is_true(values == matrix { { 4, 9, 3 } } and places == matrix { { 2, 1, 1 } })
  end)

  it("any and all are booleans, and 0 or 1 a line", function()
    local A = matrix { { 0, 1, 1 }, { 0, 0, 1 } }
    assert.is_true(A:any())
    assert.is_false(A:all())
    assert.is_true(A:any(1) == matrix { { 0, 1, 1 } })
    assert.is_true(A:all(1) == matrix { { 0, 0, 1 } })
    assert.is_true(A:any(2) == matrix { 1, 1 })
    assert.is_true(A:col(3):all())
    assert.is_false(A:col(1):any())
    assert.is_false(matrix {}:any())
    assert.is_true(matrix {}:all())
    assert.is_true(matrix { 0 / 0 }:any())
  end)

  it("of nothing are 0 or NaN", function()
    local none = matrix.zeros(0, 3)
    assert.equal(0, none:sum())
    assert.equal(0, none:norm())
    assert.equal(0, none:norm(1))
    assert.equal(0, none:norm "inf")
    assert.is_true(none:mean() ~= none:mean())
    assert.is_true(none:sum(1) == matrix.zeros(1, 3))
    assert.is_true(none:sum(2) == matrix.zeros(0, 1))
    assert.is_true(matrix { 1 }:var() ~= matrix { 1 }:var())
    assert.equal(0, none:max(2).count)
    assert.equal(0, none:sort().count)
  end)

  it("sum a million numbers to the last digits", function()
    local sum = matrix.full(1000, 1000, 0.1):sum()
    assert.close(sum, 1e5, 1e-15)
    assert.close(matrix.full(1000, 1000, 0.1):sum(2)[500], 100, 1e-15)
    local x = matrix.linspace(0, 1, 1e6)
    assert.close(x:sum(), 5e5, 1e-15)
    assert.close(x:var(), (1e6 * (1e6 + 1)) / 12 / (1e6 - 1) ^ 2, 1e-13)
  end)

  it("dot and trace", function()
    local A, B = matrix { { 1, 2 }, { 3, 4 } }, matrix { { 5, 6 }, { 7, 8 } }
    assert.equal(70, A:dot(B))
    assert.equal((A:tmul(B)):trace(), A:dot(B))
    assert.equal(11, matrix { 1, 2 }:dot(matrix { { 3, 4 } }))
    assert.equal(5, A:trace())
    assert.equal(0, matrix.zeros(0, 0):trace())
  end)

  it("norms neither overflow nor underflow", function()
    for _, scale in ipairs { 1e-320, 1e-200, 1, 1e200, 3e307 } do
      local v = matrix { 3 * scale, -4 * scale }
      assert.close(v:norm() / scale, 5, 1e-3)
    end
    assert.close((matrix { 3e200, 4e200 }):norm() / 5e200, 1, 1e-15)
  end)
end)

describe("order", function()
  it("puts NaN last and keeps equals in place", function()
    local nan = 0 / 0
    local v = matrix { 2, nan, 1, 2, -math.huge, nan, math.huge, 1 }
    assert.equal("matrix{-inf 1 1 2 2 inf nan nan}", "matrix{" .. table.concat((function()
      local t = {}
      for i, a in ipairs(v:sort()) do t[i] = a ~= a and "nan" or ("%g"):format(a) end
      return t
    end)(), " ") .. "}")
    assert.is_true(v:argsort() == matrix { 5, 3, 8, 1, 4, 7, 2, 6 })
  end)

  it("argsort gives what select takes", function()
    local A = matrix.range(1, 300):map(function(a) return math.sin(a) end)
    assert.is_true(A:select { rows = A:argsort() } == A:sort())
    assert.is_true(A:sort():cumsum()[300] - A:sum() < 1e-12)
  end)

  it("leaves the matrix alone", function()
    local A = matrix { 3, 1, 2 }
    local results = { A:sort(), A:argsort(), A:median(), A:quantile { 0.1, 0.9 } }
    assert.equal(4, #results)
    assert.is_true(A == matrix { 3, 1, 2 })
  end)
end)

describe("histograms", function()
  it("have ten bins unless told, and count every number", function()
    local h = matrix.linspace(0, 1, 101):histogram()
    assert.equal(10, h.counts.count)
    assert.equal(101, h.counts:sum())
    assert.equal(0, h.edges[1])
    assert.equal(1, h.edges[11])
    assert.close((h.density:times(h.edges:rowrange(2, 11) - h.edges:rowrange(1, 10))):sum(), 1, 1e-14)
  end)

  it("of equal numbers, of none, and of numbers outside", function()
    local h = matrix.full(5, 1, 3):histogram { bins = 3 }
    assert.is_true(h.counts == matrix { 0, 5, 0 } and h.edges[1] == 2.5 and h.edges[4] == 3.5)
    assert.equal(0, matrix {}:histogram().counts:sum())
    assert.equal(1, matrix { 0 / 0, 5, 0.5 }:histogram { bins = 2, range = { 0, 1 } }.counts:sum())
  end)
end)

local A = matrix { { 1, 2, 3 }, { 4, 5, 6 } }
local none = matrix.zeros(0, 3)
local bad = {
  { function() A:sum(3) end, "A:sum: the dimension = 3: must lie between 1 and 2" },
  { function() A:mean("rows") end, "A:mean: the dimension must be a whole number, got the string 'rows'" },
  { function() A:max(0) end, "A:max: the dimension = 0: must lie between 1 and 2" },
  { function() none:max() end, "A:max: A is 0x3: there is no number to choose from" },
  { function() none:argmin(1) end, "A:argmin: A is 0x3: there is no number to choose from" },
  { function() none:median() end, "A:median: A is 0x3: there is no number" },
  { function() none:quantile({ 0.5 }, 1) end, "A:quantile: A is 0x3: there is no number" },
  { function() A:norm("frob") end, 'A:norm: the kind of norm must be .*got the string \'frob\'' },
  { function() A:norm(3) end, "A:norm: the kind of norm must be .*got 3" },
  { function() (A / 0):norm(2) end, "A:norm: .*inf" },
  { function() A:dot(A.T) end, "A:dot: A is 2x3 and B is 3x2; the shapes must be equal" },
  { function() A:dot(2) end, "A:dot: B must be a matrix, got 2" },
  { function() A:trace() end, "A:trace: A is 2x3; a square matrix is needed" },
  { function() A:sort("down") end, "A:sort: the dimension must be a whole number" },
  { function() A:quantile() end, "A:quantile: q must be a matrix or a list of numbers, got nil" },
  { function() A:quantile(1.5) end, "A:quantile: q = 1.5: must lie between 0 and 1" },
  { function() A:quantile { 0.5, -0.1 } end, "A:quantile: q = %-0.1: must lie between 0 and 1" },
  { function() A:quantile(0 / 0) end, "A:quantile: q = %-?nan: must lie between 0 and 1" },
  { function() A:quantile(0.5, 4) end, "A:quantile: the dimension = 4" },
  { function() A:histogram { bin = 3 } end, "A:histogram: unknown option 'bin'; did you mean 'bins'" },
  { function() A:histogram { bins = 0 } end, "A:histogram: bins = 0: must" },
  { function() A:histogram { bins = 2.5 } end, "A:histogram: bins must be a whole number, got 2.5" },
  { function() A:histogram { bins = 1e12 } end, "A:histogram: bins = 1000000000000: must lie between" },
  { function() A:histogram { bins = { 1 } } end, "A:histogram: bins must be a number of bins or at least two edges" },
  { function() A:histogram { bins = { 1, 1 } } end, "A:histogram: bins must rise; edge 2 is 1 after 1" },
  { function() A:histogram { bins = "auto" } end, "A:histogram: bins must be a matrix or a list.*got the string 'auto'" },
  { function() A:histogram { range = { 2, 1 } } end, "A:histogram: range must be { low, high } with low < high" },
  { function() A:histogram { bins = { 1, 2 }, range = { 1, 2 } } end, "A:histogram: bins and range exclude each other" },
  { function() matrix { 1, 0 / 0 }:histogram() end, "A:histogram: A has NaN at %(2, 1%)" },
  { function() A:histogram(5) end, "A:histogram: a table of options is needed %(bins, range%), got 5" },
}
describe("refused:", function()
  for _, case in ipairs(bad) do
    it(case[2], function() assert.error_matches(case[1], case[2]) end)
  end
end)
