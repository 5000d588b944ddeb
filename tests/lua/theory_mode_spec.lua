local mode = theory.mode
local INF = math.huge

--- Raises what f(options) raises, for every row { options, pattern }.
local function refuses(f, rows)
  for _, row in ipairs(rows) do
    assert.error_matches(function() f(row[1]) end, row[2])
  end
end

--- options with some changed; false takes one away.
local function with(options, changes)
  local new = {}
  for name, value in pairs(options) do new[name] = value end
  for name, value in pairs(changes) do new[name] = value or nil end
  return new
end

local function is_nan(x) return x ~= x end

describe("theory.mode.strength", function()
  it("is the logistic curve for two layers", function()
    for _, t in ipairs { 0, 0.3, 2, 7, 50 } do
      local s, rho, a0 = 1.7, 0.6, 0.01
      local e = math.exp(2 * s * t)
      assert.close(mode.strength { s = s, rho = rho, a0 = a0, t = t }, a0 * e / (1 + rho * a0 * (e - 1) / s), 1e-14)
    end
    assert.close(mode.strength { s = 2, a0 = 1e-3, t = 1e8 }, 2, 0) -- where e^(2 s t) overflows
  end)

  it("answers in the shape of t", function()
    local options = { s = 1, a0 = 0.1 }
    local at1 = mode.strength(with(options, { t = 1 }))
    assert.is_number(at1)
    assert.are.same({ 0.1, at1 }, mode.strength(with(options, { t = { 0, 1 } })))
    assert.are.same({}, mode.strength(with(options, { t = {} })))
    local m = mode.strength(with(options, { t = matrix { { 0, 1, 1 }, { 1, 0, 0 } } }))
    assert.are.same({ 2, 3, at1, 0.1 }, { m.rows, m.cols, m[1][3], m[2][2] })
  end)

  it("of several modes is a column each", function()
    local t = matrix.linspace(0, 3, 4)
    local curves = mode.strength { s = { 3, 2, 1 }, a0 = { 0.1, 0.2, 0.3 }, rho = 0.5, depth = 3, t = t }
    assert.are.same({ 4, 3 }, { curves.rows, curves.cols })
    for k, s in ipairs { 3, 2, 1 } do
      local one = mode.strength { s = s, a0 = 0.1 * k, rho = 0.5, depth = 3, t = t }
      assert.close(curves:col(k), one, 1e-15)
    end
    assert.are.equal(1, mode.strength { s = { 3, 2 }, a0 = 0.1, t = 1 }.rows)
  end)

  it("takes depth * t, which is what time is at infinite depth", function()
    local finite = mode.strength { s = 1, a0 = 0.05, depth = 5, t = 3 }
    assert.close(mode.strength { s = 1, a0 = 0.05, depth = 5, depth_time = 15 }, finite, 1e-14)
    local deep = mode.strength { s = 1, a0 = 0.05, depth = 1e9, depth_time = 20 }
    assert.close(mode.strength { s = 1, a0 = 0.05, depth = INF, depth_time = 20 }, deep, 1e-6)
  end)

  it("agrees with a trained network to the error of its rate", function()
    local task = data.spectrum { s = { 2, 1, 0.5 }, inputs = 4, outputs = 3, seed = 1 }
    for depth = 2, 4 do
      local errors = {}
      for i, rate in ipairs { 2e-3, 1e-3 } do
        local net = network.new { task = task, hidden = 5, depth = depth, init = "aligned", strength = 0.05, seed = 1 }
        local run = net:train { task = task, rate = rate, times = { 0, 0.5, 1, 2 } }
        local theirs = mode.strength { s = { 2, 1, 0.5 }, a0 = 0.05, depth = depth, t = run.t }
        errors[i] = (run.modes - theirs):abs():max()
      end
      assert.is_true(errors[1] < 0.02)
      assert.close(errors[1] / errors[2], 2, 0.05)
    end
  end)

  it("with weight decay learns what is left", function()
    local decayed = mode.strength { s = 1.5, rho = 0.8, a0 = 0.1, t = 2, weight_decay = 0.4 }
    assert.close(decayed, mode.strength { s = 1.1, rho = 0.8, a0 = 0.1, t = 2 }, 1e-15)
    local layers = mode.layers { layers = { 0.3, -0.3 }, s = 1.5, rho = 0.8, t = 1, weight_decay = 0.4 }
    assert.close(mode.strength { s = 1.5, rho = 0.8, a0 = -0.09, t = 1, weight_decay = 0.4 }, layers.strength, 1e-11)
    local one = mode.layers { layers = { 0.3 }, s = 1.5, rho = 0.8, t = 1, weight_decay = 0.4 }
    assert.close(mode.strength { s = 1.5, rho = 0.8, a0 = 0.3, depth = 1, t = 1, weight_decay = 0.4 }, one.strength, 1e-11)
  end)

  it("stays where it is at the saddle, and at the target", function()
    assert.are.equal(0, mode.strength { s = 1, a0 = 0, t = 100, depth = 3 })
    assert.are.equal(2, mode.strength { s = 1, rho = 0.5, a0 = 2, t = 100, depth = 3 })
    assert.are.equal(4, mode.strength { s = 2, rho = 0.5, a0 = 1e-9, t = INF, depth = 3 })
    assert.are.equal(0, mode.strength { s = -2, rho = 0.5, a0 = 1e-9, t = INF, depth = 3 })
  end)

  it("refuses what makes no sense, and says why", function()
    local good = { s = 1, a0 = 0.1, t = 1 }
    assert.error_matches(function() mode.strength() end, "theory.mode.strength: a table of options")
    assert.error_matches(function() mode.strength(1, 0.1) end, "theory.mode.strength: a table of options")
    refuses(mode.strength, {
      { with(good, { s = false }), "theory.mode.strength: s must be" },
      { with(good, { a0 = false }), "a0 must be" },
      { with(good, { t = false }), "t must be" },
      { with(good, { s = "1" }), "s must be a matrix or a list of numbers, got the string '1'" },
      { with(good, { s = 0 / 0 }), "s must be numbers; number 1 is NaN" },
      { with(good, { s = INF }), "s = inf" },
      { with(good, { s = { 1, 2 }, a0 = { 1, 2, 3 } }), "a0 has 3 numbers, and there are 2 modes" },
      { with(good, { s = matrix.ones(2, 2) }), "s must be a number or a list .* 2x2" },
      { with(good, { t = -1 }), "t must be >= 0; number 1 is %-1" },
      { with(good, { t = { 0, 0 / 0 } }), "t must be numbers; number 2 is NaN" },
      { with(good, { t = { 0, "x" } }), "t%[2%] must be a number, got the string 'x'" },
      { with(good, { depth = 0.5 }), "depth must be a number between 1 and inf, got 0.5" },
      { with(good, { depth = "two" }), "depth must be a number between 1 and inf, got the string 'two'" },
      { with(good, { depth = INF }), "depth is infinite.*depth_time" },
      { with(good, { depth_time = 1 }), "t and depth_time exclude each other" },
      { with(good, { rho = -1 }), "rho = %-1 must be >= 0" },
      { with(good, { rho = 0, depth = 3 }), "rho = 0 with s = 1" },
      { with(good, { depth = 1.5, s = -1 }), "between depth 1 and 2" },
      { with(good, { weight_decay = -1 }), "weight_decay must be a number >= 0, got %-1" },
      { with(good, { weight_decay = 1, depth = 3 }), "weight_decay has a closed form for depth 1 and 2 only" },
      { with(good, { depht = 3 }), "unknown option 'depht'; did you mean 'depth'%?" },
    })
  end)
end)

describe("theory.mode.time", function()
  it("is the inverse of the strength", function()
    for _, depth in ipairs { 1, 2, 2.5, 3, 10 } do
      local options = { s = 1.3, rho = 0.7, a0 = 0.02, depth = depth }
      for _, fraction in ipairs { 0.05, 0.5, 0.999 } do
        local t = mode.time(with(options, { fraction = fraction }))
        assert.close(mode.strength(with(options, { t = t })), fraction * 1.3 / 0.7, 1e-13)
        assert.close(mode.time(with(options, { strength = fraction * 1.3 / 0.7 })), t, 1e-11)
      end
    end
  end)

  it("answers in the shape of what is asked, for several modes in columns", function()
    local half = mode.time { s = 2, a0 = 1e-3, fraction = 0.5 }
    assert.close(half, math.log((2 - 1e-3) / 1e-3) / 4, 1e-14)
    assert.are.same({ half, INF }, mode.time { s = 2, a0 = 1e-3, fraction = { 0.5, 1 } })
    local m = mode.time { s = { 2, 1 }, a0 = 1e-3, fraction = { 0.1, 0.5, 0.9 } }
    assert.are.same({ 3, 2, half }, { m.rows, m.cols, m[2][1] })
  end)

  it("is infinite for the limit and NaN for what is never reached", function()
    assert.are.equal(INF, mode.time { s = 2, a0 = 1e-3, depth = 4, strength = 2 })
    assert.is_true(is_nan(mode.time { s = 2, a0 = 1e-3, depth = 4, strength = 2.1 }))
    assert.is_true(is_nan(mode.time { s = 2, a0 = 1e-3, depth = 4, strength = 1e-4 }))
    assert.is_true(is_nan(mode.time { s = -2, a0 = 1e-3, depth = 4, strength = -1 }))
    assert.are.equal(0, mode.time { s = 2, a0 = 0.5, strength = 0.5 })
  end)

  it("is depth * t at infinite depth", function()
    assert.close(mode.depth_time { s = 1, a0 = 0.01, depth = INF, fraction = 0.95 },
      1 / 0.01 - 1 / 0.95 + math.log(0.95 * 0.99 / (0.01 * 0.05)), 1e-13)
    assert.close(mode.depth_time { s = 1, a0 = 0.01, depth = 3, fraction = 0.95 },
      3 * mode.time { s = 1, a0 = 0.01, depth = 3, fraction = 0.95 }, 1e-15)
  end)

  it("refuses what makes no sense, and says why", function()
    local good = { s = 1, a0 = 0.1, fraction = 0.5 }
    refuses(mode.time, {
      { with(good, { fraction = false }), "fraction %(of the target%) or strength is needed" },
      { with(good, { strength = 0.5 }), "fraction and strength exclude each other" },
      { with(good, { s = 0 }), "a fraction of the target s/rho needs both" },
      { with(good, { rho = 0 }), "a fraction of the target s/rho needs both" },
      { with(good, { fraction = 0 / 0 }), "fraction must be numbers; number 1 is NaN" },
      { with(good, { depth = INF }), "theory.mode.depth_time gives depth %* t" },
      { with(good, { t = 1 }), "unknown option 't'" },
    })
    assert.error_matches(function() mode.depth_time { s = 1, fraction = 1 } end, "theory.mode.depth_time: a0 must be")
  end)
end)

describe("depth", function()
  it("costs a finite delay at fixed product and grows without bound at fixed layers", function()
    -- by quadrature; rate 0.1/(depth s^p), to 95%, s = rho = 1
    local product = mode.scaling { a0 = 0.01, depths = { 1, 2, 3, 4, 6, 10, 30, 100, 1000, INF } }
    for i, steps in ipairs { 29.9, 75.4, 145.2, 221.0, 356.3, 541.3, 845.0, 992.9, 1057.4, 1064.9 } do
      assert.is_true(math.abs(product.steps[i] - steps) < 0.051)
    end
    local layers = mode.scaling { layer = 0.8, depths = { 1, 2, 3, 4, 6, 10, 30 } }
    for i, steps in ipairs { 13.9, 23.7, 31.6, 39.1, 55.6, 105.5, 5610 } do
      assert.close(layers.steps[i] / steps, 1, 4e-3)
    end
    assert.close(layers.a0[4], 0.8 ^ 4, 1e-15)
    assert.are.equal(INF, mode.scaling { layer = 0.5, depths = { 5000 } }.steps[1])
  end)

  it("has a table that hangs together", function()
    local table = mode.scaling { a0 = 0.01, s = 2, rho = 0.5, fraction = 0.9, relative_rate = 0.3 }
    assert.are.equal(7, table.depth.rows)
    for i = 1, 6 do
      local depth = table.depth[i]
      assert.close(table.curvature[i], mode.curvature { s = 2, rho = 0.5, depth = depth }, 1e-15)
      assert.close(table.time[i], mode.time { s = 2, rho = 0.5, a0 = 0.01, depth = depth, fraction = 0.9 }, 1e-14)
      assert.close(table.steps[i] * table.rate[i], table.time[i], 1e-14)
      assert.close(table.rate[i] * table.curvature[i], 0.3, 1e-14)
    end
  end)

  it("shows in the curvature and in the plateau", function()
    assert.close(mode.curvature { s = 3, depth = 1, rho = 0.4 }, 0.4, 1e-15)
    assert.close(mode.curvature { s = 3, rho = 0.4 }, 6, 1e-15)
    assert.close(mode.curvature { s = 3, depth = INF, rho = 0.5 }, 18, 1e-15)
    assert.are.equal(0, mode.plateau { s = 1, a0 = 0.01, depth = 1 })
    assert.close(mode.plateau { s = 2, a0 = 1e-6, rho = 0.5 }, math.log(4e6) / 4, 1e-14)
    assert.close(mode.plateau { s = 2, a0 = 1e-6, depth = 4 }, 1e3 / 4, 1e-14)
    assert.are.equal(INF, mode.plateau { s = 2, a0 = -1e-6, depth = 4 })
    assert.are.equal(2, mode.plateau { s = { 2, 1 }, a0 = 1e-6 }.cols)
  end)

  it("refuses what makes no sense, and says why", function()
    refuses(mode.scaling, {
      { {}, "theory.mode.scaling: a0 must be a number above 0, got nil" },
      { { a0 = 0 }, "a0 must be a number above 0, got 0" },
      { { a0 = 1, layer = 1 }, "a0 and layer exclude each other" },
      { { a0 = 0.1, fraction = 1 }, "fraction must lie between 0 and 1" },
      { { a0 = 0.1, depths = { 2, 0 } }, "depth = 0 must be at least 1" },
      { { a0 = 0.1, relative_rate = -1 }, "relative_rate must be a number above 0" },
    })
    refuses(mode.plateau, {
      { { s = 0, a0 = 1 }, "only a mode with a target" }, { { s = 1, a0 = 1, depth = 1.5 }, "depth = 1.5" } })
    refuses(mode.curvature, { { { s = 1, depth = 0 }, "depth must be" }, { {}, "s must be a finite number, got nil" } })
  end)
end)

describe("theory.mode.pair", function()
  it("is the two-layer mode for equal vectors of any length", function()
    local p = mode.pair { w1 = { 0.1, 0.2 }, w2 = { 0.1, 0.2 }, s = 1.2, rho = 0.7, t = { 0, 1, 3 } }
    local same = mode.strength { s = 1.2, rho = 0.7, a0 = 0.05, t = { 0, 1, 3 } }
    for i = 1, 3 do
      assert.close(p.strength[i], same[i], 1e-14)
      assert.close(p.residual[i], 1.2 - 0.7 * same[i], 1e-14)
      assert.close(p.w1:row(i):dot(p.w2:row(i)), same[i], 1e-14)
    end
    assert.are.same({ 3, 2 }, { p.w1.rows, p.w1.cols })
  end)

  it("answers with columns for one time, in numbers for one hidden unit too", function()
    local p = mode.pair { w1 = 0.1, w2 = 0.4, s = 2, t = 1 }
    assert.is_number(p.strength)
    assert.close(p.w1[1] * p.w2[1], p.strength, 1e-15)
    assert.close(p.w2[1] ^ 2 - p.w1[1] ^ 2, 0.15, 1e-14)
    assert.are.same({ 3, 1 }, (function(w) return { w.rows, w.cols } end)(
      mode.pair { w1 = { 1, 2, 3 }, w2 = { 0, 0, 1 }, s = 2, t = 1 }.w1))
    assert.are.equal("userdata", type(mode.pair { w1 = 0.1, w2 = 0.4, s = 2, t = matrix { 1, 2 } }.strength))
  end)

  it("inverts to times", function()
    local start = { w1 = { 0.3, 0.1 }, w2 = { -0.2, 0.4 }, s = 1, rho = 0.8 }
    local u = mode.pair(with(start, { t = { 0.5, 2, 6 } })).strength
    local t = mode.pair_time(with(start, { strength = u }))
    assert.close(t[1], 0.5, 1e-13)
    assert.close(t[3], 6, 1e-13)
    assert.are.equal(INF, mode.pair_time(with(start, { strength = 1.25 })))
    assert.is_true(is_nan(mode.pair_time(with(start, { strength = -1 }))))
  end)

  it("refuses what makes no sense, and says why", function()
    local good = { w1 = { 1, 2 }, w2 = { 0, 1 }, s = 1, t = 1 }
    refuses(mode.pair, {
      { with(good, { w1 = false }), "theory.mode.pair: w1 must be a matrix or a list of numbers, got nil" },
      { with(good, { w2 = { 1 } }), "w2 has 1 numbers and w1 has 2" },
      { with(good, { w2 = matrix.ones(2, 2) }), "w2 must be a vector, got a 2x2 matrix" },
      { with(good, { w2 = { 1, 0 / 0 } }), "w2 has NaN at %(2, 1%)" },
      { with(good, { w2 = { 1, 1e200 } }), "range of double precision" },
      { with(good, { rho = -1 }), "rho must be a number >= 0, got %-1" },
      { with(good, { s = false }), "s must be a finite number, got nil" },
      { with(good, { t = false }), "t must be" },
    })
    refuses(mode.pair_time, { { with(good, { t = false }), "theory.mode.pair_time: strength must be" } })
  end)
end)

describe("theory.mode.layers", function()
  it("is the mode of equal layers where they are equal", function()
    for depth = 2, 5 do
      local a = {}
      for l = 1, depth do a[l] = 0.4 ^ (1 / depth) end
      local y = mode.layers { layers = a, s = 1.5, rho = 0.6, t = { 0.2, 1, 9 } }
      local same = mode.strength { s = 1.5, rho = 0.6, a0 = 0.4, depth = depth, t = { 0.2, 1, 9 } }
      for i = 1, 3 do assert.close(y.strength[i], same[i], 2e-12) end
    end
  end)

  it("conserves the differences of squares, whatever the order of the times", function()
    local y = mode.layers { layers = { 0.1, -0.7, 0.4 }, s = 1.5, t = { 7, 0, 1 } }
    for i = 1, 3 do
      local row = y.layers:row(i)
      assert.close(row[2] ^ 2 - row[1] ^ 2, 0.48, 1e-12)
      assert.close(row[3] ^ 2 - row[1] ^ 2, 0.15, 1e-12)
      assert.close(row[1] * row[2] * row[3], y.strength[i], 1e-15)
    end
    assert.close(y.strength[2], 0.1 * -0.7 * 0.4, 1e-15)
    assert.close(y.strength[1], 1.5, 1e-3)
  end)

  it("learns the first step of descent", function()
    local one = mode.descent { layers = { 0.1, 0.7, 0.4 }, s = 1.5, rho = 0.5, rate = 0.1, steps = 1, weight_decay = 0.2 }
    local r = 1.5 - 0.5 * 0.028
    assert.close(one.layers[1], 0.1 + 0.1 * (0.28 * r - 0.02), 1e-15)
    assert.close(one.layers[2], 0.7 + 0.1 * (0.04 * r - 0.14), 1e-15)
    assert.close(one.layers[3], 0.4 + 0.1 * (0.07 * r - 0.08), 1e-15)
  end)

  it("refuses what makes no sense, and says why", function()
    local good = { layers = { 1, 2, 3 }, s = 1, t = 1 }
    refuses(mode.layers, {
      { with(good, { layers = false }), "theory.mode.layers: layers must be" },
      { with(good, { layers = {} }), "layers must hold a number for each layer, got none" },
      { with(good, { t = INF }), "times must be finite" },
      { with(good, { weight_decay = -1 }), "weight_decay must be a number >= 0" },
    })
  end)
end)

describe("theory.mode.descent", function()
  it("is what a decoupled network does, exactly", function()
    local task = data.spectrum { s = { 2, 1 }, inputs = 3, outputs = 2, seed = 1 }
    for depth = 2, 3 do
      local net = network.new { task = task, hidden = 4, depth = depth, init = "aligned", strength = 0.1, seed = 1 }
      local run = net:train { task = task, rate = 0.05, steps = 60, every = 20 }
      for k, s in ipairs { 2, 1 } do
        local a = {}
        for l = 1, depth do a[l] = 0.1 ^ (1 / depth) end
        local mine = mode.descent { layers = a, s = s, rate = 0.05, steps = { 0, 20, 40, 60 } }
        for i = 1, 4 do assert.close(mine.strength[i], run.modes[i][k], 1e-12) end
      end
    end
  end)

  it("of vectors is that of numbers where there is one hidden unit", function()
    local options = { s = 1.1, rho = 0.6, rate = 0.2, steps = { 30, 0, 7 }, momentum = 0.7, weight_decay = 0.05 }
    local a = mode.descent(with(options, { layers = { 0.3, -0.2 } }))
    local b = mode.descent(with(options, { w1 = 0.3, w2 = -0.2 }))
    for i = 1, 3 do
      assert.close(a.strength[i], b.strength[i], 1e-13)
      assert.close(a.layers[i][1], b.w1[i], 1e-13)
      assert.close(a.layers[i][2], b.w2[i], 1e-13)
    end
  end)

  it("diverges with an error that says so", function()
    local ok, err = pcall(mode.descent, { layers = { 1, 1 }, s = 2, rate = 100, steps = 1000 })
    assert.is_false(ok)
    assert.are.equal("EDIVERGED", err.code)
    assert.matches("range of double precision after %d+ steps", tostring(err))
  end)

  it("refuses what makes no sense, and says why", function()
    local good = { layers = { 1, 2 }, s = 1, rate = 0.1, steps = 10 }
    refuses(mode.descent, {
      { with(good, { layers = false }), "theory.mode.descent: layers or w1 and w2 are needed" },
      { with(good, { w1 = 1 }), "layers and w1 exclude each other" },
      { with(good, { steps = 1.5 }), "steps must be whole numbers up to 2%^53; number 1 is 1.5" },
      { with(good, { steps = -1 }), "steps must be >= 0" },
      { with(good, { steps = 1e300 }), "steps must be whole numbers up to 2%^53" },
      { with(good, { rate = -1 }), "rate must be a number >= 0, got %-1" },
      { with(good, { momentum = 1 }), "momentum = 1 must lie in %[0, 1%)" },
    })
  end)
end)

describe("theory.mode.decoupled", function()
  local task = data.semantic()
  local function aligned(depth)
    return network.new { task = task, hidden = 10, depth = depth, init = "aligned", strength = 0.01, seed = 3 }
  end

  it("gives every weight of an aligned network", function()
    for depth = 2, 3 do
      local net = aligned(depth)
      local solution = mode.decoupled { weights = net.weights, task = task, t = { 6, 0 } }
      assert.is_true(solution.closed)
      assert.is_true(solution.weight_misfit < 1e-12 and solution.data_misfit < 1e-12)
      local run = net:flow { task = task, times = { 0, 6 }, tolerance = 1e-12, record = { "modes" } }
      for l = 1, depth do
        assert.close(solution.weights[1][l], run.net.weights[l], 1e-9)
        assert.close(solution.weights[2][l], aligned(depth).weights[l], 1e-14)
      end
      local theirs = mode.strength { s = solution.s, rho = solution.rho, a0 = 0.01, depth = depth, t = { 6, 0 } }
      assert.close(solution.strength, theirs, 1e-11)
      local product = solution.U * matrix.diag(solution.s) * solution.V.T
      assert.close(product, task.Syx, 1e-13)
    end
  end)

  it("gives a list of layers for one time", function()
    local solution = mode.decoupled { weights = aligned(2).weights, Sxx = task.Sxx, Syx = task.Syx, t = 3 }
    assert.are.same({ 10, 8 }, { solution.weights[1].rows, solution.weights[1].cols })
    assert.are.equal(1, solution.strength.rows)
  end)

  it("refuses networks that are not decoupled, and says how far they are", function()
    local net = network.new { task = task, hidden = 10, init = "gaussian", scale = 0.5, seed = 1 }
    assert.error_matches(function() mode.decoupled { weights = net.weights, task = task, t = 1 } end,
      "the modes are not decoupled: the data are [%d.e-]+ and the weights [%d.]+ %(relative%)")
    local forced = mode.decoupled { weights = net.weights, task = task, t = 1, tolerance = 100 }
    assert.is_true(forced.weight_misfit > 0.1)
  end)

  it("refuses what makes no sense, and says why", function()
    local W1, W2 = matrix.ones(3, 4), matrix.ones(2, 3)
    local good = { weights = { W1, W2 }, Sxx = matrix.eye(4), Syx = matrix.zeros(2, 4), t = 1, tolerance = 10 }
    mode.decoupled(good)
    refuses(mode.decoupled, {
      { with(good, { weights = false }), "theory.mode.decoupled: weights must be the list .* got nil" },
      { with(good, { weights = W1 }), "weights must be the list .* got a 3x4 matrix" },
      { with(good, { weights = { W1 } }), "weights must hold two layers or more, got 1" },
      { with(good, { weights = { W1, "W2" } }), "weights%[2%] must be a matrix" },
      { with(good, { weights = { W1, W2 * (0 / 0) } }), "weights%[2%] has NaN at %(1, 1%)" },
      { with(good, { weights = { W1, W1 } }), "layer 2 is 3x4 and must have 3 columns" },
      { with(good, { weights = { W1, matrix.ones(5, 3) } }), "layer 2 is 5x3 and there are 2 outputs" },
      { with(good, { Sxx = false }), "Sxx must be" },
      { with(good, { Sxx = matrix.ones(4, 3) }), "Sxx must be square, inputs x inputs; got a 4x3 matrix" },
      { with(good, { Syx = matrix.ones(2, 3) }), "Syx must be outputs x inputs with 4 columns" },
      { with(good, { Sxx = matrix.diag { 1, 1, 1, -1 } }), "a covariance has none below 0" },
      { with(good, { Sxx = matrix.diag { 1, 1, 1, 0 }, Syx = matrix.ones(2, 4) }), "leave the range of Sxx" },
      { with(good, { task = task }), "task and Sxx exclude each other" },
      { with(good, { t = -1 }), "t must be >= 0" },
      { with(good, { tolerance = -1 }), "tolerance must be a number >= 0" },
      { with(good, { weight_decay = 0 / 0 }), "weight_decay must be a number >= 0" },
    })
    assert.error_matches(function() mode.decoupled { weights = { W1, W2 }, task = 3, t = 1 } end, "task must be a task")
  end)
end)
