local stream = random.stream

--- Mean, standard deviation, least and largest of a vector.
local function summary(x)
  local sum, squares, least, largest = 0, 0, math.huge, -math.huge
  for _, value in ipairs(x) do
    sum, squares = sum + value, squares + value * value
    least, largest = math.min(least, value), math.max(largest, value)
  end
  local mean = sum / #x
  return mean, math.sqrt(squares / #x - mean * mean), least, largest
end

--- The largest distance of an entry from that of the identity.
local function distance_from_identity(A)
  local worst = 0
  for i = 1, A.rows do
    for j = 1, A.cols do worst = math.max(worst, math.abs(A:get(i, j) - (i == j and 1 or 0))) end
  end
  return worst
end

describe("a stream", function()
  it("gives the same numbers for the same seed and number, and others for others", function()
    local a, b = stream(7, 1):normal(50, 3), stream(7, 1):normal(50, 3)
    assert.is_true(a == b)
    assert.is_false(a == stream(7, 2):normal(50, 3))
    assert.is_false(a == stream(8, 1):normal(50, 3))
    assert.is_true(stream(7):normal(5) == stream(7, 0):normal(5))
  end)

  it("gives the numbers of the first release", function()
    local r = stream(1, 2)
    assert.equal(-0x1.a3d6b2efa6eb8p+0, r:normal())
    assert.equal(0x1.c27b05a2b94cfp+0, r:normal(1):item())
    assert.equal(-0x1.7b4b811c9eb9cp-2, r:normal(1, 1):item())
    assert.equal(0x1.c1679e688a83p-5, r:uniform())
  end)

  it("takes whole seeds of 64 bits, also as floats", function()
    assert.is_true(stream(1e6):normal(5) == stream(1000000):normal(5))
    assert.is_false(stream(math.mininteger):normal(5) == stream(math.maxinteger):normal(5))
    assert.is_false(stream(-1):normal(5) == stream(1):normal(5))
    assert.is_true(stream(1, -1):normal(5).count == 5)
  end)

  it("draws the same one by one as at once", function()
    local whole, r = stream(3):normal(4, 3), stream(3)
    for j = 1, 3 do
      for i = 1, 4 do assert.equal(whole[i][j], r:normal()) end
    end
  end)

  it("fills large matrices as it fills small ones", function()
    local n = 1100000
    local whole, r = stream(3):uniform(n), stream(3)
    local first, second = r:uniform(n - 7), r:uniform(7)
    assert.is_true(whole:block(1, n - 7, 1, 1) == first)
    assert.is_true(whole:block(n - 6, n, 1, 1) == second)
  end)

  it("splits into streams that do not depend on what it has drawn", function()
    local r = stream(5)
    local before = r:split(3):normal(10)
    r:normal(100)
    assert.is_true(before == r:split(3):normal(10))
    assert.is_false(before == r:split(4):normal(10))
    assert.is_false(before == r:split(3):split(3):normal(10))
    assert.is_false(before == stream(5):normal(10))
  end)

  it("is printed as what makes it, with its position", function()
    local r = stream(12, 34)
    assert.equal("random.stream(12, 34) at position 0", tostring(r))
    r:normal(3, 4)
    assert.equal("random.stream(12, 34) at position 12", tostring(r))
    local child = r:split(1)
    local copy = load("return " .. tostring(child):match("^(.-) at"))()
    assert.is_true(child:normal(5) == copy:normal(5))
  end)
end)

describe("draws", function()
  it("have the shapes asked for", function()
    local r = stream(1)
    local function shape(A) return A.rows .. "x" .. A.cols end
    assert.equal("4x1", shape(r:normal(4)))
    assert.equal("4x2", shape(r:normal(4, 2)))
    assert.equal("0x2", shape(r:normal(0, 2)))
    assert.equal("3x1", shape(r:uniform(3)))
    assert.equal("3x1", shape(r:integers(3, nil, 1, 6)))
    assert.equal("2x5", shape(r:rademacher(2, 5)))
    assert.equal("3x3", shape(r:orthogonal(3)))
    assert.equal("5x3", shape(r:orthogonal(5, 3)))
    assert.equal("3x5", shape(r:orthogonal(3, 5)))
    assert.equal("6x1", shape(r:permutation(6)))
    assert.equal("0x1", shape(r:permutation(0)))
    assert.equal("0x0", shape(r:orthogonal(0)))
  end)

  it("have the mean and spread asked for", function()
    local r, n = stream(2), 40000
    local mean, sd = summary(r:normal(n, 1, 10, 2))
    assert.close(mean, 10, 4 * 2 / math.sqrt(n) / 10)
    assert.close(sd, 2, 4 / math.sqrt(2 * n))
    assert.is_true(r:normal(5, 1, 3, 0) == matrix.full(5, 1, 3))
    local least, largest
    mean, sd, least, largest = summary(r:uniform(n, 1, -3, 5))
    assert.is_true(least >= -3 and largest <= 5)
    assert.close(mean, 1, 4 * 8 / math.sqrt(12 * n))
    assert.close(sd, 8 / math.sqrt(12), 4 / math.sqrt(n))
    assert.is_true(r:uniform(3, 1, 2, 2) == matrix.full(3, 1, 2))
    mean, sd, least, largest = summary(r:uniform(n, 1, 0.5))
    assert.is_true(least >= 0.5 and largest <= 1)
    assert.close(mean, 0.75, 4 / math.sqrt(n))
    assert.close(sd, 0.5 / math.sqrt(12), 4 / math.sqrt(n))
  end)

  it("of integers reach both ends and nothing else", function()
    local seen, r = {}, stream(3)
    for _, k in ipairs(r:integers(200, 1, -2, 2)) do seen[k] = true end
    for k = -2, 2 do
      assert.is_true(seen[k])
      seen[k] = nil
    end
    assert.is_nil(next(seen))
    assert.equal("integer", math.type(r:integers(nil, nil, 1, 6)))
    assert.is_true(r:integers(3, 1, 2 ^ 53, 2 ^ 53) == matrix.full(3, 1, 2 ^ 53))
  end)

  it("of signs are -1 or 1", function()
    local s = stream(4):rademacher(100, 3)
    assert.is_true(s:times(s) == matrix.ones(100, 3))
    assert.is_true(math.abs((summary(s:reshape(300, 1)))) < 0.23)
    assert.is_true(math.abs(stream(4):rademacher()) == 1)
  end)

  it("of orthogonal matrices have orthonormal columns, or rows where they are wide", function()
    local r = stream(5)
    local Q = r:orthogonal(40, 25)
    assert.is_true(distance_from_identity(Q:tmul(Q)) < 1e-14)
    Q = r:orthogonal(25, 40)
    assert.is_true(distance_from_identity(Q:mult(Q)) < 1e-14)
  end)

  it("of permutations hold every index once", function()
    local r = stream(6)
    local p = r:permutation(50)
    local seen = {}
    for _, i in ipairs(p) do seen[i] = true end
    for i = 1, 50 do assert.is_true(seen[i]) end
    assert.is_false(p == r:permutation(50))
  end)
end)

describe("bad arguments", function()
  local r = stream(1)
  local cases = {
    { "random.stream: the seed must be a whole number, got nil", function() stream() end },
    { "random.stream: the seed must be a whole number, got 1.5", function() stream(1.5) end },
    { "random.stream: the seed must be a whole number, got the string '1'", function() stream "1" end },
    { "random.stream: the seed must be a whole number, got NaN", function() stream(0 / 0) end },
    { "random.stream: the seed must be a whole number, got 1e%+20", function() stream(1e20) end },
    { "random.stream: the stream's number must be a whole number, got a table",
      function() stream(1, {}) end },
    { "stream:split: the part's number must be a whole number, got nil", function() r:split() end },
    { "stream:split: the part's number = %-1: must be at least 0", function() r:split(-1) end },
    { "stream:normal: rows and columns must be whole numbers, got 2.5 x 1", function() r:normal(2.5) end },
    { "stream:normal: the number of rows must be a number, got the string '3'", function() r:normal "3" end },
    { "stream:normal: the number of rows must be a number, got nil", function() r:normal(nil, 3) end },
    { "stream:normal: the number of columns must be a number, got a table", function() r:normal(3, {}) end },
    { "stream:normal: .*%-1 x 1: rows and columns must lie between 0", function() r:normal(-1) end },
    { "stream:normal: .*rows and columns must lie between 0", function() r:normal(1e12) end },
    { "stream:normal: a matrix of 2147483647 x 2147483647 would take",
      function() r:normal(2147483647, 2147483647) end },
    { "stream:normal: not enough memory: a 2147483647x1000000 matrix",
      function() r:normal(2147483647, 1e6) end },
    { "stream:normal: the mean must be a number, got true", function() r:normal(1, 1, true) end },
    { "stream:normal: the mean must be a number, got NaN", function() r:normal(1, 1, 0 / 0) end },
    { "stream:normal: the mean must be finite, got inf", function() r:normal(1, 1, math.huge) end },
    { "stream:normal: the standard deviation must be >= 0, got %-1", function() r:normal(1, 1, 0, -1) end },
    { "stream:uniform: the lower end 2 lies above the upper end 1", function() r:uniform(1, 1, 2) end },
    { "stream:uniform: the upper end must be finite, got inf", function() r:uniform(1, 1, 0, math.huge) end },
    { "stream:integers: the lowest integer must be a whole number, got nil",
      function() r:integers(1, 6) end },
    { "stream:integers: the lowest integer must be a whole number, got 0.5",
      function() r:integers(1, 1, 0.5, 2) end },
    { "stream:integers: the highest integer = 9007199254740993: must lie between",
      function() r:integers(1, 1, 0, 2 ^ 53 | 1) end },
    { "stream:integers: the lowest integer 3 is above the highest, 2",
      function() r:integers(1, 1, 3, 2) end },
    { "stream:rademacher: the number of rows must be a number", function() r:rademacher({}) end },
    { "stream:orthogonal: the number of rows must be a number, got nil", function() r:orthogonal() end },
    { "stream:orthogonal: rows and columns must be whole numbers", function() r:orthogonal(3, 1.5) end },
    { "stream:permutation: the count must be a number, got nil", function() r:permutation() end },
    { "stream:permutation: rows and columns must be whole numbers", function() r:permutation(1.5) end },
    { "stream:permutation: .*%-3", function() r:permutation(-3) end },
    { "stream:normal: called without a stream, with 3; write r:normal", function() r.normal(3) end },
    { "stream:split: called without a stream, with a 1x1 matrix", function() r.split(matrix.ones(1)) end },
    { "random: a stream has no 'norml'; did you mean 'normal'?", function() r:norml(3) end },
    { "random: a stream has no 'xyz'", function() return r.xyz end },
    { "random: a stream has no 1", function() return r[1] end },
  }
  for _, case in ipairs(cases) do
    it("are refused: " .. case[1], function()
      assert.error_matches(case[2], case[1])
      assert.equal("random.stream(1, 0) at position 0", tostring(r))
    end)
  end
end)
