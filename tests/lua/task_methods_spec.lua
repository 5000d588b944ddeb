-- Methods that make a new task from one.

local function labelled()
  local r = random.stream(5)
  return data.task {
    X = r:normal(5, 20) + 3, labels = r:integers(20, 1, 1, 4), classes = { "a", "b", "c", "d" },
    items = (function() local names = {} for i = 1, 20 do names[i] = "item" .. i end return names end)(),
  }
end

--- The columns of A, each as text, sorted: the same for any order of the columns.
local function columns(A)
  local all = {}
  for j = 1, A.cols do
    local numbers = {}
    for i = 1, A.rows do numbers[i] = ("%.17g"):format(A:get(i, j)) end
    all[j] = table.concat(numbers, " ")
  end
  table.sort(all)
  return all
end

describe("task:split", function()
  it("deals every example to one side, with its label and name", function()
    local task = labelled()
    local train = task:split { test = 0.3, seed = 2 }
    local test = train.test
    assert.equal(14, train.examples)
    assert.equal(6, test.examples)
    assert.same(columns(task.X), columns(matrix.hcat(train.X, test.X)))
    for _, part in ipairs { train, test } do
      for j = 1, part.examples do
        local i = task:item(part.items[j])
        assert.is_true(part.X:col(j) == task.X:col(i))
        assert.is_true(part.Y:col(j) == task.Y:col(i))
        assert.equal(task.labels[i], part.labels[j])
      end
    end
    assert.is_nil(task.test) -- a new task: the old one stays
  end)

  it("takes a share or a number, and a seed", function()
    local task = labelled()
    assert.equal(3, task:split({ test = 3 }).test.examples)
    assert.is_true(task:split({ test = 3, seed = 1 }).test.X == task:split({ test = 3, seed = 1 }).test.X)
    assert.is_false(task:split({ test = 3, seed = 1 }).test.X == task:split({ test = 3, seed = 2 }).test.X)
  end)

  it("refuses to leave a side empty", function()
    for _, test in ipairs { 0.001, 20, 0.999, 2.5 } do
      assert.error_matches(function() labelled():split { test = test } end, "task:split: test = ")
    end
    assert.error_matches(function() labelled():split {} end, "test must be a number above 0, got nil")
    assert.error_matches(function() labelled():split() end, "a table of options is needed")
  end)
end)

describe("task:subset", function()
  it("chooses examples by number and by name, in the order given", function()
    local task = labelled()
    local some = task:subset { 7, "item2" }
    assert.is_true(some.X == matrix.hcat(task.X:col(7), task.X:col(2)))
    assert.same({ "item7", "item2" }, some.items)
    assert.equal(task.labels[2], some.labels[2])
  end)

  it("chooses classes, in the test set too", function()
    local task = labelled():split { test = 8 }
    local some = task:subset { labels = { "a", 3 } }
    for _, part in ipairs { some, some.test } do
      for j = 1, part.examples do assert.is_true(part.labels[j] == 1 or part.labels[j] == 3) end
    end
    local count = 0
    for j = 1, task.examples do
      if task.labels[j] == 1 or task.labels[j] == 3 then count = count + 1 end
    end
    assert.equal(count, some.examples)
  end)

  local bad = {
    { {}, "an empty list chooses no example" },
    { { 21 }, "item = 21: must lie between 1 and 20" },
    { { "item99" }, "no item 'item99'" },
    { { labels = { "e" } }, "no class 'e'" },
    { { labels = { 5 } }, "class = 5: must lie between 1 and 4" },
    { { labels = "a" }, "classes must be a list" },
    { { label = { 1 } }, "unknown option 'label'; did you mean 'labels'%?" },
  }
  for _, case in ipairs(bad) do
    it("refuses: " .. case[2], function()
      assert.error_matches(function() labelled():subset(case[1]) end, "task:subset: .*" .. case[2])
    end)
  end

  it("needs labels to choose by labels", function()
    local task = data.task { X = { { 1 } }, Y = { { 1 } } }
    assert.error_matches(function() task:subset { labels = { 1 } } end, "have no labels")
  end)
end)

describe("centring, standardising and whitening", function()
  local task = labelled():split { test = 8, seed = 3 }

  it("use the training set's numbers on both sets", function()
    local centred = task:center()
    local mean = task.X:mean(2)
    assert.close(centred.X, task.X - mean, 1e-14)
    assert.close(centred.test.X, task.test.X - mean, 1e-14)
    assert.is_true(centred.Y == task.Y)
    assert.close(centred.mean_x:norm(), 0, 1e-14)

    local standard = task:standardize()
    local sd = ((task.X - mean):pow(2):mean(2)):sqrt()
    assert.close(standard.X, (task.X - mean):over(sd:tile(1, 12)), 1e-13)
    assert.close(standard.test.X, (task.test.X - mean):over(sd:tile(1, 8)), 1e-13)
    assert.close(standard.Sxx:diag(), matrix.ones(5, 1), 1e-13)
  end)

  it("take the outputs along when asked", function()
    local centred = task:center { outputs = true }
    assert.close(centred.mean_y:norm(), 0, 1e-15)
    assert.close(centred.test.Y, task.test.Y - task.Y:mean(2), 1e-15)
  end)

  it("make the second moments of the inputs 1", function()
    local white = task:whiten()
    assert.close(white.Sxx, matrix.eye(5), 1e-12)
    assert.close(white.X, white.whitening * task.X, 1e-13)
    assert.close(white.test.X, white.whitening * task.test.X, 1e-13)
    local symmetric = task:whiten { method = "zca" }
    assert.close(symmetric.Sxx, matrix.eye(5), 1e-11)
    assert.close(symmetric.whitening, symmetric.whitening.T, 1e-14)
    assert.equal(2, task:whiten({ components = 2 }).inputs)
  end)

  it("leave out what the inputs do not have", function()
    local flat = data.task { X = matrix.vcat(task.X, task.X:row(1)), Y = task.Y }
    assert.equal(5, flat:whiten().inputs)
    assert.equal(6, flat:whiten({ method = "zca" }).inputs)
  end)

  it("do to moments what they do to examples", function()
    local teacher = data.teacher { inputs = 4, outputs = 2, examples = 30, noise = 0.1, test = "exact",
      seed = 2 }
    local m = teacher:standardize().test
    local mean = teacher.X:mean(2)
    local D = matrix.diag(((teacher.X - mean):pow(2):mean(2)):pow(-0.5))
    assert.close(m.Sxx, D * (matrix.eye(4) + mean:mult(mean)) * D, 1e-13)
    assert.close(m.Syx, teacher.teacher * D, 1e-13)
    assert.close(m.mean_x, -(D * mean), 1e-13)
    local w = teacher:whiten()
    assert.close(w.test.Sxx, w.whitening:mult(w.whitening), 1e-12)
    assert.close(w.test.Syx, teacher.teacher:mult(w.whitening), 1e-12)
    -- The best map on the population loses nothing.
    assert.close(w.test.loss_min, teacher.test.loss_min, 1e-12)
  end)

  it("say what moments cannot do", function()
    local moments = data.task { Sxx = matrix.eye(2), Syx = { { 1, 0 } }, tr_yy = 1 }
    assert.error_matches(function() moments:center() end, "without means cannot be centred")
    assert.error_matches(function() task:whiten { method = "pcs" } end,
      "method = 'pcs' is not known; did you mean 'pca'")
    assert.error_matches(function() task:whiten { components = 6 } end,
      "components = 6: must lie between 1 and 5")
    assert.error_matches(function() task:center { output = true } end, "did you mean 'outputs'%?")
  end)
end)

describe("task:shuffle_labels", function()
  it("moves outputs among examples, labels with them, and leaves inputs and test", function()
    local task = labelled():split { test = 5 }
    local shuffled = task:shuffle_labels { seed = 4 }
    assert.is_true(shuffled.X == task.X)
    assert.is_false(shuffled.Y == task.Y)
    assert.same(columns(task.Y), columns(shuffled.Y))
    for j = 1, shuffled.examples do assert.equal(1, shuffled.Y:get(shuffled.labels[j], j)) end
    assert.is_true(shuffled.test.Y == task.test.Y)
  end)
end)

describe("task:add_noise", function()
  it("adds normal noise of that deviation to the outputs alone", function()
    local task = data.teacher { inputs = 10, outputs = 4, examples = 2000, noise = 0.5, test = 10 }
    local noisy = task:add_noise { sd = 2, seed = 3 }
    local noise = noisy.Y - task.Y
    assert.close(noise:dot(noise) / 8000, 4, 5 * math.sqrt(2 / 8000))
    assert.is_true(noisy.X == task.X)
    assert.is_true(noisy.test.Y == task.test.Y)
    assert.equal(4.5, noisy.noise)
    assert.close(noisy.snr, 1 / 4.5, 1e-15)
  end)

  it("refuses a negative deviation and a task of moments", function()
    assert.error_matches(function() labelled():add_noise { sd = -1 } end, "sd must be a number >= 0, got %-1")
    local moments = data.task { Sxx = matrix.eye(2), Syx = { { 1, 0 } }, tr_yy = 1 }
    assert.error_matches(function() moments:add_noise { sd = 1 } end, "task:add_noise: needs examples")
  end)
end)

describe("task:join", function()
  it("stacks the outputs of two tasks on the same inputs", function()
    local task = labelled()
    local other = data.task { X = task.X, Y = task.X:rowrange(1, 2), features = { "first", "second" } }
    local joined = task:join(other)
    assert.is_true(joined.Y == matrix.vcat(task.Y, other.Y))
    assert.same({ "a", "b", "c", "d", "first", "second" }, joined.features)
    assert.equal(6, joined:feature "second")
  end)

  it("joins moments, and test sets", function()
    local a = data.teacher { inputs = 4, outputs = 2, examples = 9, test = "exact", seed = 1 }
    local joined = a:join(a)
    assert.equal(4, joined.test.outputs)
    assert.close(joined.test.tr_yy, 2 * a.test.tr_yy, 1e-15)
    assert.is_true(joined.test.Syx == matrix.vcat(a.teacher, a.teacher))
  end)

  it("refuses tasks whose inputs differ", function()
    local task = labelled()
    assert.error_matches(function() task:join(data.iris()) end, "joined tasks share them")
    assert.error_matches(function() task:join(data.task { X = task.X + 1, Y = task.Y }) end,
      "inputs of the two tasks differ")
    assert.error_matches(function() task:join(3) end, "other must be a task, got 3")
  end)
end)

describe("a task whose lists a script has written to", function()
  it("still answers, or says what is wrong", function()
    local task = labelled()
    for j, wrong in ipairs { -5, 1e300, 0 / 0, 0.5, math.huge } do task.labels[j] = wrong end
    assert.is_true(task:subset({ labels = { "a", "b", "c", "d" } }).examples <= 15)
    for _, wrong in ipairs { 7, false } do
      task.items[2] = wrong
      assert.error_matches(function() task:item "item2" end, "no item 'item2'")
    end
    for i = 1, 20 do task.items[i] = nil end
    assert.error_matches(function() task:item "item2" end, "no item 'item2'")
    task.X[1][1] = 0 / 0
    assert.error_matches(function() return task.Sxx end, "second moments are not finite")
  end)
end)

describe("whitening", function()
  it("leaves second moments of 1 to rounding, however small some directions are", function()
    local r = random.stream(1)
    local X = r:orthogonal(30) * matrix.diag(matrix.logspace(0, -4, 30)) * r:normal(30, 400)
    for _, method in ipairs { "pca", "zca" } do
      local task = data.task { X = X, Y = r:normal(2, 400) }:whiten { method = method }
      assert.close(task.Sxx, matrix.eye(30), 1e-12)
    end
  end)
end)
