-- data.teacher: hidden layers, inputs that the student does not see, given maps.

describe("data.teacher", function()
  it("with a hidden layer answers as its network does, with mean 0 and its power", function()
    for _, activation in ipairs { "relu", "tanh", "erf" } do
      local task = data.teacher { inputs = 6, outputs = 2, hidden = 5, activation = activation, power = 3, noise = 0.5,
        examples = 20000, test = 30, test_noise = 0, seed = 4 }
      local teacher = network.from(task.teacher)
      assert.close(teacher:forward(task.test.X), task.test.Y, 1e-13)
      local noise = task.Y - teacher:forward(task.X)
      assert.near(0.5, noise:var(2):mean(), 0.5 * 5 * math.sqrt(2 / 40000))
      local signal = teacher:forward(task.X)
      for i = 1, 2 do
        local row = signal:row(i)
        -- five standard errors of the mean of 20000, and of 100000 that it was standardised by
        assert.near(0, row:mean(), 5 * math.sqrt(3 * 6e-5))
        assert.near(3, row:var(), 5 * 3 * math.sqrt(6 * 6e-5))
      end
      assert.same({ 5, 6 }, { task.teacher[1].rows, task.teacher[1].cols })
      assert.near(1 / 6, task.teacher[1]:pow(2):mean(), 5 / 6 * math.sqrt(2 / 30))
      assert.is_true(task.snr == 6 and task.noise == 0.5)
    end
  end)

  it("with a linear hidden layer has the moments of a linear teacher", function()
    local task = data.teacher { inputs = 5, hidden = 7, activation = "linear", examples = 50000, covariance = { 1, 2, 3, 4, 5 } }
    local map = task.teacher[2] * task.teacher[1]
    assert.close(task.Syx, map * matrix.diag { 1, 2, 3, 4, 5 }, 0.05)
    assert.near(1, task.tr_yy, 0.03)
  end)

  it("shows the student the first of its inputs, of the same examples", function()
    local options = { inputs = 12, outputs = 2, examples = 9, snr = 2, test = 4, seed = 5 }
    local all = data.teacher(options)
    options.seen = 3
    local some = data.teacher(options)
    assert.same({ 3, 3 }, { some.inputs, some.alpha })
    assert.is_true(some.X == all.X:rowrange(1, 3) and some.test.X == all.test.X:rowrange(1, 3))
    assert.is_true(some.Y == all.Y and some.teacher == all.teacher)
    assert.equal(15, data.teacher({ inputs = 12, seen = 3, alpha = 5, snr = 1 }).examples)
  end)

  it("has the population of the inputs that are seen", function()
    local A = random.stream(3):normal(6, 6)
    local C = A:mult(A) / 6
    local task = data.teacher { inputs = 6, seen = 2, examples = 60000, noise = 0.3, covariance = C, test = "exact", seed = 2 }
    assert.close(task.test.Sxx, C:block(1, 2, 1, 2), 1e-15)
    assert.close(task.test.Syx, (task.teacher * C):colrange(1, 2), 1e-13)
    assert.close(task.test.tr_yy, (task.teacher * C):dot(task.teacher) + 0.3, 1e-13)
    assert.close(task.Sxx, task.test.Sxx, 0.03)
    assert.close(task.Syx, task.test.Syx, 0.06)
    assert.close(task.tr_yy, task.test.tr_yy, 0.03)
  end)

  it("is as hard as a noisier teacher for a student that does not see all", function()
    -- the mean test error of least squares: N/(P - N - 1) of the noise, to which the unseen belong
    local COUNT, errors = 60, matrix.zeros(60)
    for seed = 1, COUNT do
      local task = data.teacher { inputs = 40, seen = 10, examples = 60, noise = 0.1, test = "exact", seed = seed }
      errors[seed] = network.from({ task.target }):error(task.test)
    end
    local expected = theory.generalization.shallow { inputs = 40, seen = 10, examples = 60, noise = 0.1 }.final
    assert.is_true(math.abs(errors:mean() - expected) < 3.5 * errors:std() / math.sqrt(COUNT))
  end)

  it("takes a map: two tasks whose inputs overlap", function()
    local q = 0.6
    local map = matrix.zeros(5, 8)
    map[1][1], map[3][1], map[3][2] = 2, 3 * q, 3 * math.sqrt(1 - q ^ 2)
    local task = data.teacher { map = map, examples = 50, snr = 4, test = "exact" }
    assert.is_true(task.teacher == map and task.test.Syx == map)
    assert.close(task.power, 13 / 5, 1e-14)
    assert.close(task.noise, 13 / 20, 1e-14)
  end)

  it("has random labels in another order, on the same examples", function()
    local task = data.teacher { inputs = 5, examples = 40, snr = 10, seed = 1 }
    local shuffled = task:shuffle_labels { seed = 2 }
    assert.is_true(shuffled.X == task.X and shuffled.Y ~= task.Y)
    assert.close(shuffled.Y:sort(), task.Y:sort(), 1e-15)
    assert.is_true(shuffled.Syx:norm() < 0.6 * task.Syx:norm())
  end)

  it("refuses what makes no sense, and says why", function()
    for _, case in ipairs {
      { { inputs = 2, examples = 3, hidden = 2 }, "activation must be a string, got nil" },
      { { inputs = 2, examples = 3, activation = "relu" }, "hidden" },
      { { inputs = 2, examples = 3, hidden = 0, activation = "relu" }, "hidden = 0" },
      { { inputs = 2, examples = 3, hidden = 2, activation = "rleu" }, "activation = 'rleu' is not known; did you mean relu" },
      { { inputs = 2, examples = 3, hidden = 2, activation = "relu", rank = 1 }, "rank is of a linear teacher" },
      { { inputs = 2, examples = 3, hidden = 2, activation = "relu", test = "exact" }, "'exact' is of linear teachers" },
      { { inputs = 2, examples = 3, seen = 3 }, "seen = 3: must lie between 1 and 2" },
      { { inputs = 2, examples = 3, seen = 0 }, "seen = 0" },
      { { inputs = 2, examples = 3, test_noise = 1 }, "test_noise goes with a number of test examples" },
      { { inputs = 2, examples = 3, test = 3, test_noise = -1 }, "test_noise must be a number >= 0" },
      { { map = matrix.ones(1, 2), inputs = 2, examples = 3 }, "map and inputs exclude each other" },
      { { map = matrix.ones(1, 2), power = 2, examples = 3 }, "map and power exclude each other" },
      { { map = matrix.zeros(0, 2), examples = 3 }, "map is 0x2" },
      { { map = "W", examples = 3 }, "map must be a matrix" },
    } do
      assert.error_matches(function() data.teacher(case[1]) end, "data%.teacher: .*" .. case[2])
    end
  end)
end)
