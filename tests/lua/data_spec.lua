-- Tasks: what they hold, what is computed from them, and what changes them.

local function stream(seed) return random.stream(seed) end

--- The moments of examples by their definition.
local function moments(X, Y)
  return X:mult(X) / X.cols, Y:mult(X) / X.cols, Y:mult(Y):trace() / X.cols
end

local function identity(n) return matrix.eye(n) end

describe("data.task", function()
  local X, Y = stream(1):normal(4, 30), stream(2):normal(3, 30)

  it("holds examples and computes their moments when asked", function()
    local task = data.task { X = X, Y = Y, name = "mine" }
    assert.equal(4, task.inputs)
    assert.equal(3, task.outputs)
    assert.equal(30, task.examples)
    assert.equal("mine", task.name)
    local Sxx, Syx, tr_yy = moments(X, Y)
    assert.close(task.Sxx, Sxx, 1e-14)
    assert.close(task.Syx, Syx, 1e-14)
    assert.close(task.tr_yy, tr_yy, 1e-14)
    assert.close(task.mean_x, X:mean(2), 1e-14)
    assert.close(task.target, Y:mult(X) * X:mult(X):inv(), 1e-12)
    local R = Y - task.target * X
    assert.close(task.loss_min, R:dot(R) / 60, 1e-13)
  end)

  it("keeps what it was given, whatever becomes of the script's matrices", function()
    local mine = X:copy()
    local task = data.task { X = mine, Y = Y }
    mine:fill(0)
    assert.is_true(task.X == X)
  end)

  it("takes views, lists of rows, and names", function()
    local task = data.task { X = X:block(2, 3, 5, 6), Y = { { 1, 2 } }, items = { "a", "b" },
      features = { "can fly" } }
    assert.is_true(task.X == X:block(2, 3, 5, 6))
    assert.equal(2, task:item "b")
    assert.equal(1, task:feature "can_fly") -- a space and an underscore are the same
    assert.equal(2, task:item(2))
  end)

  it("makes outputs from labels", function()
    local task = data.task { X = { { 1, 2, 3 } }, labels = { 2, 1, 2 }, classes = { "no", "yes" } }
    assert.is_true(task.Y == matrix { { 0, 1, 0 }, { 1, 0, 1 } })
    assert.same({ "no", "yes" }, task.features)
  end)

  it("holds moments alone", function()
    local Sxx, Syx, tr_yy = moments(X, Y)
    local task = data.task { Sxx = Sxx, Syx = Syx, tr_yy = tr_yy }
    assert.equal(0, task.examples)
    assert.equal("task: 3 inputs, 1 output, 1 example", tostring(data.task { X = matrix.ones(3, 1), Y = matrix.ones(1, 1) }))
    assert.is_nil(task.X)
    local whole = data.task { X = X, Y = Y }
    assert.close(task.target, whole.target, 1e-12)
    assert.close(task.loss_min, whole.loss_min, 1e-12)
  end)

  local nan = 0 / 0
  local bad = {
    { {}, "X must be a matrix or a list of numbers, got nil" },
    { { X = X }, "Y is missing" },
    { { X = X, Y = Y:colrange(1, 29) }, "X is 4x30 and Y is 3x29; a column is an example" },
    { { X = matrix.zeros(0, 3), Y = matrix.zeros(1, 3) }, "X is 0x3; a task needs an input and an example" },
    { { X = { { 1, nan } }, Y = { { 1, 2 } } }, "X has NaN at %(1, 2%)" },
    { { X = { { 1, 2 } }, Y = { { math.huge, 2 } } }, "Y has an infinity at %(1, 1%)" },
    { { X = X, Y = Y, itmes = {} }, "unknown option 'itmes'; did you mean 'items'%?" },
    { { X = X, Y = Y, items = { "a" } }, "items has 1 names, and there are 30 examples" },
    { { X = X, Y = Y, features = { "a", {}, "c" } },
      "features must be a list of names; number 2 is a table" },
    { { X = X, Y = Y, test = 3 }, "test must be a task, got 3" },
    { { X = X, Y = Y, test = data.task { X = { { 1 } }, Y = { { 1 } } } },
      "test has 1 inputs and 1 outputs" },
    { { X = { { 1, 2 } }, labels = { 1, 1.5 } }, "labels must be class numbers from 1; number 2 is 1.5" },
    { { X = { { 1, 2 } }, labels = { 1 } }, "labels has 1 numbers, and there are 2 examples" },
    { { X = { { 1, 2 } }, labels = { 1, 3 }, classes = { "a" } },
      "names 1 classes and the labels go up to 3" },
    { { Sxx = identity(2) }, "Syx must be a matrix" },
    { { Sxx = identity(2), Syx = { { 1, 2, 3 } }, tr_yy = 9 }, "Sxx is 2x2 and Syx is 1x3" },
    { { Sxx = identity(2), Syx = { { 1, 2 } }, tr_yy = -1 }, "tr_yy must be a number >= 0, got %-1" },
    { { Sxx = identity(2), Syx = { { 1, 2 } }, tr_yy = 1 }, "tr_yy = 1 is less than the 5" },
    { { Sxx = { { 1, 2 }, { 0, 1 } }, Syx = { { 1, 2 } }, tr_yy = 9 },
      "Sxx is not symmetric: %(2, 1%) is 0" },
    { { Sxx = { { 1, 2 }, { 2, 1 } }, Syx = { { 1, 1 } }, tr_yy = 9 }, "Sxx has the eigenvalue %-1" },
    { { Sxx = { { 1, 0 }, { 0, 0 } }, Syx = { { 1, 1 } }, tr_yy = 9 }, "does not lie in the range of Sxx" },
    { { Sxx = identity(2), Syx = { { 1, 1 } }, tr_yy = 2, X = X }, "X belongs to examples" },
    { 3, "a table of options is needed" },
  }
  for _, case in ipairs(bad) do
    it("refuses: " .. case[2], function()
      assert.error_matches(function() data.task(case[1]) end, "data%.task: .*" .. case[2])
    end)
  end

  it("is not written to, and says what it does not have", function()
    local task = data.task { X = X, Y = Y }
    assert.error_matches(function() task.X = Y end, "fields of a task cannot be set")
    assert.error_matches(function() return task.Sxy end, "a task has no 'Sxy'; did you mean 'Sxx'%?")
    assert.error_matches(function() return task.spilt end, "did you mean 'split'%?")
    assert.error_matches(function() return task[1] end, "no examples by index")
    assert.error_matches(function() task.svd(3) end, "task:svd: called without a task, with 3; write task:svd")
    assert.error_matches(function() task:item "a" end,
      "the items of this task have no names; numbers from 1 to 30")
    assert.error_matches(function() task:feature(4) end, "feature = 4: must lie between 1 and 3")
  end)
end)

describe("task:svd", function()
  it("is the decomposition of the input-output correlation", function()
    local task = data.task { X = stream(1):normal(6, 40), Y = stream(2):normal(4, 40) }
    local U, s, V = task:svd()
    assert.close(U * matrix.diag(s) * V.T, task.Syx, 1e-14)
    s:fill(0) -- a copy: the task keeps its own
    local _, again = task:svd()
    assert.is_true(again[1] > 0)
  end)
end)

describe("data.spectrum", function()
  it("has white inputs and the singular values asked for", function()
    local task = data.spectrum { s = { 3, 2, 2, 0.5 }, inputs = 6, outputs = 5, examples = 9, seed = 4 }
    local Sxx, Syx, tr_yy = moments(task.X, task.Y)
    assert.close(Sxx, identity(6), 1e-14)
    assert.is_true(task.Sxx == identity(6))
    assert.close(Syx, task.Syx, 1e-14)
    assert.close(tr_yy, task.tr_yy, 1e-14)
    local _, s = task:svd()
    assert.close(s, matrix { 3, 2, 2, 0.5, 0 }, 1e-14)
    assert.close(task.loss_min, 0, 1e-28)
  end)

  it("is the same for the same seed and another for another", function()
    local function Y(seed) return data.spectrum { s = { 1 }, inputs = 3, outputs = 3, seed = seed }.Y end
    assert.is_true(Y(1) == Y(1))
    assert.is_false(Y(1) == Y(2))
  end)

  local bad = {
    { { inputs = 3, outputs = 3 }, "s must be a matrix or a list of numbers, got nil" },
    { { s = { 1 }, outputs = 3 }, "inputs must be a whole number, got nil" },
    { { s = { 1, 2, 3 }, inputs = 2, outputs = 5 }, "s has 3 singular values, and a 5x2 map has 2" },
    { { s = { 1, -2 }, inputs = 2, outputs = 5 }, "s must be >= 0; number 2 is %-2" },
    { { s = {}, inputs = 2, outputs = 5 }, "at least one singular value" },
    { { s = { 1 }, inputs = 0, outputs = 5 }, "inputs = 0: must lie between 1" },
    { { s = { 1 }, inputs = 4, outputs = 5, examples = 3 }, "examples = 3: 4 inputs are white only" },
    { { s = { 1 }, inputs = 4, outputs = 5, seed = 1.5 }, "seed must be a whole number, got 1.5" },
    { { s = { 1 }, inputs = 2 ^ 31 - 1, outputs = 2 ^ 31 - 1 }, "bytes" },
  }
  for _, case in ipairs(bad) do
    it("refuses: " .. case[2], function()
      assert.error_matches(function() data.spectrum(case[1]) end, case[2])
    end)
  end
end)

describe("data.teacher", function()
  it("has the powers, the noise and the sizes asked for", function()
    local task = data.teacher { inputs = 400, outputs = 3, alpha = 5, snr = 4, power = 2, seed = 1 }
    assert.equal(2000, task.examples)
    assert.equal(5, task.alpha)
    assert.equal(0.5, task.noise)
    assert.equal(4, task.snr)
    local noise = task.Y - task.teacher * task.X
    -- five standard errors of a mean of squares
    assert.close(noise:dot(noise) / (3 * 2000), 0.5, 5 * math.sqrt(2 / 6000))
    assert.close(task.teacher:dot(task.teacher) / 3, 2, 5 * 2 * math.sqrt(2 / 1200))
    assert.close(task.Sxx:trace() / 400, 1, 5 * math.sqrt(2 / 800000))
  end)

  it("has an exact population for a test set", function()
    local task = data.teacher { inputs = 30, outputs = 2, examples = 10, noise = 0.25, test = "exact" }
    assert.equal(0, task.test.examples)
    assert.is_true(task.test.Sxx == identity(30))
    assert.is_true(task.test.Syx == task.teacher)
    assert.close(task.test.tr_yy, task.teacher:dot(task.teacher) + 0.5, 1e-14)
    assert.close(task.test.loss_min, 0.25, 1e-12) -- half the noise of two outputs
    assert.close(task.test.target, task.teacher, 1e-13)
  end)

  it("has fresh test examples from the same teacher", function()
    local task = data.teacher { inputs = 20, alpha = 2, noise = 0, test = 50, seed = 3 }
    assert.equal(50, task.test.examples)
    assert.close(task.test.Y, task.teacher * task.test.X, 1e-13)
    assert.is_false(task.test.X:col(1) == task.X:col(1))
  end)

  it("draws the same teacher and the same first examples for any number of examples", function()
    local few = data.teacher { inputs = 5, examples = 7, snr = 1, seed = 8 }
    local many = data.teacher { inputs = 5, examples = 70, snr = 1, seed = 8, test = 10 }
    assert.is_true(few.teacher == many.teacher)
    assert.is_true(few.X == many.X:colrange(1, 7))
    assert.close(few.Y, many.Y:colrange(1, 7), 1e-15)
  end)

  it("has a low rank or given modes", function()
    local task = data.teacher { inputs = 20, outputs = 10, examples = 30, rank = 2 }
    assert.equal(2, task.teacher:rank())
    task = data.teacher { inputs = 20, outputs = 10, examples = 30, s = { 3, 1 }, snr = 2 }
    local _, s = task.teacher:svd()
    assert.close(s:rowrange(1, 2), matrix { 3, 1 }, 1e-14)
    assert.equal(1, task.power) -- sum of squares over outputs
    assert.equal(0.5, task.noise)
  end)

  it("has inputs of a given covariance", function()
    local C = matrix { { 2, 0.5 }, { 0.5, 1 } }
    local task = data.teacher { inputs = 2, examples = 20000, covariance = C, test = "exact" }
    assert.close(task.Sxx, C, 5 * math.sqrt(2 / 20000))
    assert.is_true(task.test.Sxx == C)
    assert.close(task.test.Syx, task.teacher * C, 1e-15)
    local diagonal = data.teacher { inputs = 2, examples = 20000, covariance = { 4, 0 }, test = "exact" }
    assert.equal(0, diagonal.X:row(2):norm())
    assert.is_true(diagonal.test.Sxx == matrix { { 4, 0 }, { 0, 0 } })
  end)

  local bad = {
    { {}, "inputs must be a whole number, got nil" },
    { { inputs = 3 }, "examples or alpha = examples/inputs is needed" },
    { { inputs = 3, alpha = 1, examples = 3 }, "examples and alpha exclude each other" },
    { { inputs = 3, alpha = 1, snr = 1, noise = 1 }, "snr and noise exclude each other" },
    { { inputs = 3, alpha = 1, rank = 1, s = { 1 } }, "rank and s exclude each other" },
    { { inputs = 3, alpha = 1, power = 1, s = { 1 } }, "power and s exclude each other" },
    { { inputs = 3, alpha = 0 }, "alpha must be a number above 0, got 0" },
    { { inputs = 3, alpha = 0.01 }, "alpha gives 0 examples" },
    { { inputs = 3, alpha = 0 / 0 }, "alpha must be a number above 0" },
    { { inputs = 3, alpha = 1, noise = -1 }, "noise must be a number >= 0, got %-1" },
    { { inputs = 3, alpha = 1, snr = 0 }, "snr must be a number above 0, got 0" },
    { { inputs = 3, alpha = 1, rank = 2 }, "rank = 2: must lie between 1 and 1" },
    { { inputs = 3, alpha = 1, test = "all" }, "test must be a number of examples or 'exact'" },
    { { inputs = 3, alpha = 1, test = 0 }, "test = 0: must lie between 1" },
    { { inputs = 3, alpha = 1, covariance = { 1, 2 } }, "covariance must be 3x3 or a vector of 3 variances" },
    { { inputs = 2, alpha = 1, covariance = { 1, -2 } }, "no variance below 0; number 2 is %-2" },
    { { inputs = 2, alpha = 1, covariance = { { 1, 2 }, { 2, 1 } } }, "eigenvalue %-1" },
    { { inputs = 2, alpha = 1, covariance = { { 1, 2 }, { 0, 1 } } }, "symmetric" },
    { { inputs = 2 ^ 30, outputs = 2 ^ 31 - 1, examples = 1 }, "data%.teacher: .*bytes" },
  }
  for _, case in ipairs(bad) do
    it("refuses: " .. case[2], function()
      assert.error_matches(function() data.teacher(case[1]) end, case[2])
    end)
  end
end)

describe("the bundled sets", function()
  -- Singular values of Y computed with NumPy: for one-hot items Syx = Y/P.
  it("semantic has the modes of its table", function()
    local task = data.semantic()
    assert.is_true(task.X == identity(8))
    assert.equal(36, task.outputs)
    local U, s, V = task:svd()
    assert.close(s * 8, matrix { 6.80593786, 4.47323797, 3.04404672, 3.00346691, 2.04307383, 1.38059592,
      1.14110570, 1 },
      1e-8)
    assert.close(V:col(1), matrix { .306, .321, .334, .334, .379, .388, .379, .378 }, 2e-3)
    -- the second mode: plants against animals
    assert.close(U:get(task:feature "is a plant", 2), 0.340, 1e-3)
    assert.close(U:get(task:feature "has roots", 2), 0.340, 1e-3)
    assert.close(U:get(task:feature "has skin", 2), -0.288, 1e-3)
    assert.is_true(V:get(task:item "pine", 5) > 0) -- 7.5e-6: the sign rule looks at it
    assert.equal(1, task.Y:get(task:feature "can fly", task:item "robin"))
    assert.equal(0, task.Y:get(task:feature "can fly", task:item "salmon"))
  end)

  it("wordnet has the modes of its table", function()
    local task = data.wordnet()
    assert.equal(105, task.examples)
    assert.equal(56, task.outputs)
    assert.equal("bird", task.classes[task.labels[task:item "robin"]])
    local _, s = task:svd()
    assert.close(s:rowrange(1, 10) * 105, matrix { 14.4556533, 6.1577874, 6.0329231, 5.5345725, 4.8568880,
      4.1147191,
      3.8647372, 3.8213437, 2.8766156, 2.8177498 }, 1e-8)
    assert.close(s:rowrange(24, 26) * 105, matrix { 2 ^ 0.5, 2 ^ 0.5, 2 ^ 0.5 }, 1e-12)
    assert.is_true(s[49] * 105 > 1e-3 and s[50] * 105 < 1e-12) -- rank 49
    assert.error_matches(function() task:item "robbin" end, "no item 'robbin'; did you mean 'robin'%?")
  end)

  it("digits are images of 0 to 1 with ten classes", function()
    local task = data.digits()
    assert.equal(64, task.inputs)
    assert.equal(1797, task.examples)
    assert.equal(0, task.X:min())
    assert.equal(1, task.X:max())
    assert.same({ 8, 8 }, task.image)
    assert.equal("0", task.classes[task.labels[1]]) -- the first line of the file is a 0
    assert.close(task.X:get(3, 1), 5 / 16, 0)
    assert.is_true(task.Y:sum(1) == matrix.ones(1, 1797))
  end)

  it("iris has four lengths and three species", function()
    local task = data.iris()
    assert.close(task.X:col(1), matrix { 5.1, 3.5, 1.4, 0.2 }, 0)
    assert.same({ "setosa", "versicolor", "virginica" }, task.classes)
    assert.same({ "sepal length", "sepal width", "petal length", "petal width" }, task.input_names)
    assert.is_true(task.Y:sum(2) == matrix { 50, 50, 50 })
    assert.close(task.mean_x, matrix { 5.843333333, 3.057333333, 3.758, 1.199333333 },
      1e-9) -- as is printed everywhere
  end)

  it("fashion has a hundred images of each class, or twenty of full size", function()
    local task = data.fashion()
    assert.equal(196, task.inputs)
    assert.is_true(task.Y:sum(2) == matrix.full(10, 1, 100))
    assert.equal(0, task.X:min())
    assert.equal(1, task.X:max())
    assert.equal("ankle boot", task.classes[task.labels[1]]) -- the first image of the test set
    local large = data.fashion { size = 28 }
    assert.equal(784, large.inputs)
    assert.is_true(large.Y:sum(2) == matrix.full(10, 1, 20))
    -- The same first image of the first class: 2 x 2 pixels make one, rounded to a byte.
    local small, big = task.X:col(1):reshape(14, 14), large.X:col(1):reshape(28, 28)
    for i = 1, 14 do
      for j = 1, 14 do
        local mean = big:block(2 * i - 1, 2 * i, 2 * j - 1, 2 * j):mean()
        assert.close(small:get(i, j), mean, 0.5001 / 255)
      end
    end
  end)

  local full = "/usr/share/datasets/fashion-mnist"
  local there = io.open(full .. "/train-labels-idx1-ubyte.gz")
  if there then
    there:close()
    it("fashion reads the whole set, and its images are the bundled ones", function()
      local task = data.fashion { full = true }
      assert.equal(60000, task.examples)
      assert.equal(10000, task.test.examples)
      assert.is_true(task.Y:sum(2) == matrix.full(10, 1, 6000))
      assert.is_true(task.test.X:col(1) == data.fashion { size = 28 }.X:col(1))
      local half = data.fashion { full = true, size = 14 }
      assert.same({ 14, 14 }, half.image)
      -- The bundled ones are rounded to bytes.
      assert.is_true((half.test.X:col(1) - data.fashion().X:col(1)):abs():max() < 0.5001 / 255)
      -- Pixel 100 of 14 x 14 is row 8, column 2: rows 15 and 16, columns 3 and 4 of 28 x 28.
      assert.close(half.X:get(100, 7), task.X:select({ rows = { 395, 396, 423, 424 }, cols = { 7 } }):mean(), 1e-15)
    end)
  end

  local bad = {
    { function() data.fashion { size = 20 } end, "size = 20: the images are of 28 x 28, or of 14 x 14" },
    { function() data.fashion { full = true, folder = "/none" } end,
      "/none is not there: the full set comes with Debian's package dataset%-fashion%-mnist" },
    { function() data.fashion { folder = "/none" } end, "folder is for the full set" },
    { function() data.fashion { sise = 28 } end, "unknown option 'sise'; did you mean 'size'%?" },
    { function() data.digits {} end, "data%.digits: takes no options" },
  }
  for _, case in ipairs(bad) do
    it("refuse: " .. case[2], function() assert.error_matches(case[1], case[2]) end)
  end

  it("print what they are and where they come from", function()
    local text = tostring(data.wordnet())
    for _, pattern in ipairs { "wordnet: 105 inputs, 56 outputs, 105 examples", "source: .*WordNet 3.0",
      "items: robin, sparrow", "features: living_thing", "classes: bird, fish" } do
      assert.is_truthy(text:match(pattern), pattern)
    end
    text = tostring(data.teacher { inputs = 10, alpha = 2, snr = 5, test = "exact" })
    for _, pattern in ipairs { "teacher: *power = 1  noise = 0.2  snr = 5  alpha = 2",
      "test: the population" } do
      assert.is_truthy(text:match(pattern), pattern)
    end
  end)
end)
