-- theory.spectrum and the mean field of theory.depth.

local S, depth = theory.spectrum, theory.depth

local function close(expected, found, tolerance)
  if math.abs(found - expected) > tolerance * math.max(1, math.abs(expected)) then
    error(("expected %.15g, found %.15g"):format(expected, found), 2)
  end
end

local laws = {
  S.marchenko_pastur { gamma = 0.5, variance = 2 }, S.marchenko_pastur { alpha = 0.4 },
  S.product { depth = 1 }, S.product { depth = 4, weight_variance = 1.2 },
  S.jacobian { depth = 10, p = 0.93 }, S.jacobian { depth = 1, p = 0.7 },
  S.jacobian { depth = 10, p = 0.93, weights = "orthogonal" }, S.jacobian { depth = 6, p = 0.5, weights = "orthogonal" },
  S.jacobian { depth = 1, p = 0.7, weights = "orthogonal" },
  S.jacobian { depth = 8, activation = "tanh", q = 0.2, weights = "orthogonal" },
  S.jacobian { depth = 3, activation = "leaky_relu", weights = "orthogonal" },
  S.isometry_limit { class = "smooth", variance = 0.5 }, S.isometry_limit { class = "bernoulli", variance = 0.5 },
  S.isometry_limit { class = "bernoulli", variance = 2 },
  S.coloured { variances = { 10, 1 }, alpha = 10 }, S.coloured { variances = { 0, 1, 3 }, fractions = { 0.2, 0.5, 0.3 }, alpha = 0.5 },
}

describe("a limiting spectrum", function()
  for _, law in ipairs(laws) do
    describe(tostring(law), function()
      it("has the derivative of its distribution as its density", function()
        for _, edge in ipairs(law.edges:totable()) do
          for _, part in ipairs { 0.1, 0.5, 0.9 } do
            local x = edge[1] + part * (edge[2] - edge[1])
            local h = 1e-4 * (edge[2] - edge[1])
            close(law:density(x), (law:cdf(x + h) - law:cdf(x - h)) / (2 * h), 1e-5)
          end
        end
      end)

      it("has a quantile that inverts its distribution, and all its mass", function()
        assert.equal(0, law:cdf(-1e-300))
        assert.equal(1, law:cdf(1e9))
        for p = 0.05, 1, 0.1 do
          local x = law:quantile(p)
          if x > 0 and law:density(x) > 0 then close(p, law:cdf(x), 1e-13) end
          assert.is_true(law:cdf(x) >= p - 1e-13)
        end
      end)

      it("has the moments of its quantiles", function()
        local p = matrix.linspace(0.5 / 400, 1 - 0.5 / 400, 400)
        local x, moments = law:quantile(p), law:moment { 0, 1, 2 }
        assert.equal(1, moments[1])
        close(moments[2], x:mean(), 2e-3)
        close(moments[3], x:pow(2):mean(), 2e-2)
      end)

      it("has transforms that agree with each other", function()
        local m, im = law:stieltjes(-0.3)
        close(m, law:resolvent(0.3), 1e-13)
        close(0, im, 1e-15)
        local h = 1e-4
        close((law:resolvent(0.3 - h) - law:resolvent(0.3 + h)) / (2 * h), law:resolvent_square(0.3), 1e-6)
        local z = law:R(-0.2) - 5 -- G(R(u) + 1/u) = u
        close(-0.2, -law:resolvent(-z), 1e-12)
        local x = 0.9 / (-0.1 * law:S(-0.1)) -- the mean of lambda/(x - lambda) is u at x = (1 + u)/(u S)
        close(-0.1, -x * law:resolvent(-x) - 1, 1e-12)
        local up, above = law:stieltjes(0.7, 0.4)
        local down, below = law:stieltjes(0.7, -0.4)
        assert.same({ up, above }, { down, -below })
        local middle = law.lower and (law.lower + 2 * law.upper) / 3
        if middle and law:density(middle) > 0 then
          close(math.pi * law:density(middle), select(2, law:stieltjes(middle)), 1e-11)
        end
      end)
    end)
  end

  it("answers in the shape of its argument", function()
    local law = laws[1]
    local values = law:density { 1, 2 }
    assert.equal("table", type(values))
    local columns = law:density(matrix { { 1, 2 }, { 3, 4 } })
    assert.equal(law:density(3), columns:get(2, 1))
    assert.equal(values[2], law:density(2))
  end)

  it("is the same by every way to it", function()
    for _, x in ipairs { 0.02, 0.7, 3.1 } do
      local white = S.marchenko_pastur { gamma = 1 }
      close(white:density(x), S.product { depth = 1 }:density(x), 1e-12)
      close(white:density(x), S.coloured { variances = { 1 }, alpha = 1 }:density(x), 1e-11)
      close(white:cdf(x), S.jacobian { depth = 1, p = 1 }:cdf(x), 1e-12)
      close(S.product { depth = 5 }:density(x), S.jacobian { depth = 5, activation = "linear" }:density(x), 1e-11)
      close(S.jacobian { depth = 4, p = 0.5, weights = "orthogonal" }:cdf(x),
            S.jacobian { depth = 4, activation = "relu", scale = 3, weights = "orthogonal" }:cdf(x), 1e-12)
    end
  end)

  it("splits where the inputs have two scales, with the mass of each", function()
    local law = S.coloured { variances = { 1, 10 }, fractions = { 0.3, 0.7 }, gamma = 0.05 }
    assert.equal(2, law.edges.rows)
    close(0.3, law:cdf((law.edges:get(1, 2) + law.edges:get(2, 1)) / 2), 1e-12)
    local padded = S.coloured { variances = { 99, 10, 5, 1 }, fractions = { 0, 0.7, 0, 0.3 }, gamma = 0.05 }
    assert.is_true(padded.edges == law.edges)
  end)

  it("comes near its limits at infinite depth", function()
    local s2, x = 0.5, 0.9
    local limit = S.isometry_limit { class = "bernoulli", variance = s2 }:density(x)
    local deep = S.jacobian { depth = 1000, p = 1 - s2 / 1000, weights = "orthogonal" }:density(x)
    close(limit, deep, 3e-3)
  end)

  it("has its extremes: thin and wide matrices, many layers, long times", function()
    for _, gamma in ipairs { 1e-7, 1e7 } do
      local law = S.marchenko_pastur { gamma = gamma }
      local p = gamma > 1 and 1 - 0.5 / gamma or 0.5
      close(p, law:cdf(law:quantile(p)), 1e-9)
    end
    local deep = S.product { depth = 300 }
    close(300 * math.exp(301 * math.log(301 / 300)), deep.upper, 1e-12)
    close(1, deep:cdf(deep.upper * (1 - 1e-12)), 1e-9)
    close(0.7, deep:cdf(deep:quantile(0.7)), 1e-12)
    local x, w = S.marchenko_pastur { gamma = 1 }:rule { t = 1e4 }
    close(0.003989410337009625, 1 + w:dot((-2e4 * x):expm1():over(x)), 1e-13) -- e^-u (I0(u) + I1(u)) at u = 4e4
    assert.equal(math.huge, S.marchenko_pastur { gamma = 1 }:density(0))
    assert.equal(math.huge, S.marchenko_pastur { gamma = 1 }:resolvent(0))
  end)

  it("is where sampled matrices are", function()
    local r = random.stream(1)
    local X = r:normal(200, 400)
    local law = S.marchenko_pastur { gamma = 0.5 }
    local fit = S.compare { law = law, eigenvalues = (X * X.T / 400):eigh() }
    assert.is_true(fit.distance < 3 / 200)
    close(1, (fit.centers[2] - fit.centers[1]) * matrix(fit.histogram):sum(), 1e-9)

    local J = matrix.eye(200) -- three orthogonal layers, each slope 1 with probability 0.8
    for _ = 1, 3 do
      local slopes = r:uniform(200, 1):le(0.8)
      J = matrix.diag(slopes) * (r:orthogonal(200, 200) * J)
    end
    local s = select(2, J:svd())
    local jacobian = S.jacobian { depth = 3, p = 0.8, weights = "orthogonal", weight_variance = 1 }
    fit = S.compare { law = jacobian, eigenvalues = s:pow(2) }
    assert.is_true(fit.distance < 0.08) -- the share of slopes that are 1 fluctuates by 0.03
    assert.equal(2, #fit.atoms)
    close(fit.atoms[2].mass, fit.atoms[2].observed, 0.08)
    assert.is_true(S.compare { law = law, eigenvalues = s:pow(2) }.distance > 0.2) -- another law is told apart
  end)

  local bad = {
    { function() S.marchenko_pastur { gamma = 0 } end, "marchenko_pastur: gamma must be a number above 0, got 0" },
    { function() S.marchenko_pastur { gamma = 1, alpha = 1 } end, "gamma and alpha exclude each other" },
    { function() S.marchenko_pastur { gama = 1 } end, "unknown option 'gama'; did you mean 'gamma'" },
    { function() laws[1]:quantile(1.5) end, "law:quantile: p must lie between 0 and 1; number 1 is 1.5" },
    { function() laws[1]:moment(1.5) end, "law:moment: k must be whole numbers; number 1 is 1.5" },
    { function() laws[1]:resolvent(-1) end, "law:resolvent: kappa must .*; number 1 is %-1" },
    { function() laws[3]:resolvent(0) end, "kappa = 0: must be above 0" },
    { function() laws[2]:density(0 / 0) end, "law:density: x must be numbers; number 1 is NaN" },
    { function() laws[1].density(3) end, "law:density: called without a spectrum" },
    { function() return laws[1].uper end, "a spectrum has no 'uper'; did you mean 'upper'" },
    { function() laws[3]:rule { t = 1 } end, "law:rule: is for the Marchenko%-Pastur law; this is product" },
    { function() laws[5]:S(-0.95) end, "law:S: u = %-0.95: must be above %-0.93" },
    { function() laws[5]:R(1e3) end, "law:R: u = 1000: R is defined between" },
    { function() S.product { depth = 1.5 } end, "product: depth must be a whole number" },
    { function() S.jacobian { depth = 0, p = 1 } end, "jacobian: depth = 0: must lie" },
    { function() S.jacobian { depth = 3, p = 0 } end, "p must be above 0" },
    { function() S.jacobian { depth = 3, p = 0.5, q = 1 } end, "q goes with an activation" },
    { function() S.jacobian { depth = 3, activation = "tanh" } end, "q .* is needed" },
    { function() S.jacobian { depth = 3, activation = "tanh", q = -1 } end, "q must be a number >= 0, got %-1" },
    { function() S.jacobian { depth = 1, activation = "tanh", q = 1, weights = "orthogonal" } end, "one orthogonal layer" },
    { function() S.isometry_limit { class = "smoth", variance = 1 } end, "did you mean 'smooth'" },
    { function() S.isometry_limit { class = "smooth", variance = 0 } end, "variance must be a number above 0" },
    { function() S.coloured { variances = { 1, -1 }, alpha = 1 } end, "variances must be >= 0; number 2 is %-1" },
    { function() S.coloured { variances = { 1, 2 }, fractions = { 0.5, 0.4 }, alpha = 1 } end, "must sum to 1; the sum is 0.9" },
    { function() S.coloured { variances = { 1, 2 }, fractions = { 1 }, alpha = 1 } end, "fractions has 1 numbers" },
    { function() S.coloured { variances = { 0 }, alpha = 1 } end, "variances: all are 0" },
    { function() S.spike { s = 1, aspect = 0 } end, "aspect must be a number above 0" },
    { function() S.compare { eigenvalues = { 1 }, law = 3 } end, "law must be one that theory.spectrum gives, got 3" },
    { function() S.compare { eigenvalues = { 1, math.huge }, law = laws[1] } end, "must be finite; number 2" },
  }
  for i, case in ipairs(bad) do
    it("refuses what makes no sense: " .. i, function() assert.error_matches(case[1], case[2]) end)
  end
end)

describe("theory.spectrum.spike", function()
  it("sees nothing below the threshold, and inverts what it sees", function()
    local spike = S.spike { s = { 0, 0.84, 0.9, 3, 1e200 }, aspect = 0.5 }
    close(0.5 ^ 0.25, spike.threshold, 1e-15)
    assert.same({ spike.edge, spike.edge }, { spike.s_hat[1], spike.s_hat[2] })
    assert.equal(0, spike.input_overlap[2])
    close(spike.edge, math.sqrt(spike.bulk.upper), 1e-15)
    local back = S.spike { s_hat = spike.s_hat, aspect = 0.5 }
    for i = 3, 5 do close(spike.s[i], back.s[i], 1e-9) end
    assert.is_true(back.s[1] ~= back.s[1])
    assert.equal(0, back.shrunk[1])
    assert.equal(1, spike.input_overlap[5])
  end)

  it("is what a sampled matrix shows", function()
    local r, n, m = random.stream(3), 300, 600
    local u, v = r:orthogonal(n, 1), r:orthogonal(m, 1)
    local U, s, V = (u * v.T * 1.5 + r:normal(n, m) / math.sqrt(m)):svd()
    local spike = S.spike { s = 1.5, aspect = n / m }
    close(spike.s_hat, s[1], 0.03)
    close(spike.output_overlap, math.abs(U:col(1):dot(u)), 0.05)
    close(spike.input_overlap, math.abs(V:col(1):dot(v)), 0.05)
  end)
end)

describe("theory.depth.mean_field", function()
  it("finds the fixed point that the critical line starts from", function()
    for _, name in ipairs { "tanh", "erf", "hard_tanh" } do
      for _, q in ipairs { 0.05, 0.7, 3 } do
        local line = depth.critical { activation = name, q = q }
        local found = depth.mean_field { activation = name, weight_variance = line.weight_variance,
                                         bias_variance = line.bias_variance }
        close(q, found.q, 1e-6) -- chi = 1 there, and V touches nothing: well conditioned only away from q = 0
        close(1, found.chi, 1e-6)
      end
    end
  end)

  it("is what layers of random weights do", function()
    local found = depth.mean_field { activation = "tanh", weight_variance = 1.8, bias_variance = 0.1 }
    local r, n = random.stream(5), 1000
    local h = r:normal(n, 1)
    for _ = 1, 12 do
      h = r:normal(n, n) * h:tanh() * math.sqrt(1.8 / n) + r:normal(n, 1) * math.sqrt(0.1)
    end
    close(found.q, h:pow(2):mean(), 0.12)
  end)

  it("takes a user's activations, and says how exact its rule is", function()
    network.activations.sine = { f = function(X) return X:sin() end, df = function(X) return X:cos() end }
    finally(function() network.activations.sine, network.activations.bent = nil, nil end)
    local own = depth.mean_field { activation = "sine", weight_variance = 2, bias_variance = 0.3 }
    -- E sin^2 = (1 - e^-2q)/2
    close(own.q, (1 - math.exp(-2 * own.q)) + 0.3, 1e-12)
    close(1 + math.exp(-2 * own.q), own.chi, 1e-12)
    assert.is_true(own.error < 1e-13)
    network.activations.bent = { f = function(X) return X:relu() end, df = function(X) return X:gt(0) end }
    local kinked = depth.mean_field { activation = "bent", q = 1, weight_variance = 1 }
    assert.is_true(kinked.error > 1e-3)
  end)

  it("has the exact cases", function()
    local relu = depth.mean_field { activation = "relu", weight_variance = 1, bias_variance = 0.5 }
    assert.same({ 1, 0.5 }, { relu.q, relu.chi })
    assert.equal(math.huge, depth.mean_field { activation = "relu", weight_variance = 3 }.q)
    assert.equal(0, depth.mean_field { activation = "tanh", weight_variance = 1 }.q)
    assert.equal(0, depth.mean_field { activation = "tanh", weight_variance = 0.5 }.q)
    local small = depth.mean_field { activation = "tanh", weight_variance = 1 + 1e-6 }
    close(5e-7, small.q, 1e-11) -- (w - 1)/2 to leading order
    local zero = depth.critical { activation = "tanh", q = 0 }
    assert.same({ 1, 0 }, { zero.weight_variance, zero.bias_variance })
    local spread = depth.mean_field { activation = "linear", q = 1, depth = 7, weights = "orthogonal" }
    assert.equal(0, spread.jacobian_variance)
    assert.equal(math.huge, spread.gradient_scale)
    close(7, depth.mean_field { activation = "linear", q = 1, depth = 7 }.jacobian_variance, 1e-15)
    -- saturated: E phi^2 of hard tanh at large q is 1 - (2/3) sqrt(2/pi q^-1) ..., without loss of digits in the gain
    local far = depth.mean_field { activation = "hard_tanh", q = 1e10, weight_variance = 1 }
    close(-1 / math.log(math.sqrt(2 / math.pi) / 3 * 1e-15), far.variance_scale, 1e-9)
  end)

  it("has the moments of the Jacobian's law", function()
    for _, weights in ipairs { "gaussian", "orthogonal" } do
      local given = { activation = "tanh", q = 0.3, depth = 6, weights = weights }
      local field, law = depth.mean_field(given), S.jacobian(given)
      close(field.jacobian_mean, law:moment(1), 1e-10)
      close(field.jacobian_square, law:moment(2), 1e-10)
    end
  end)

  local bad = {
    { { activation = "tanh" }, "weight_variance is needed, or q" },
    { { activation = "tahn", q = 1 }, "did you mean 'tanh'" },
    { { activation = "relu", weight_variance = 2 }, "every q is kept" },
    { { activation = "sigmoid", q = 0.01 }, "not on the critical line" },
    { { activation = math.sin, q = 1 }, "activation must be one of linear, relu" },
    { { activation = "tanh", q = 1e9 }, "q = 1e%+09: must be at most 1e%+08" },
    { { activation = "tanh", q = -1 }, "q must be a number >= 0, got %-1" },
    { { activation = "tanh", weight_variance = 0 }, "weight_variance must be a number above 0" },
    { { activation = "tanh", q = 1, weights = "gaussian" }, "weights goes with depth" },
    { { activation = "tanh", q = 1, weight_variance = 1, bias_variance = 1 }, "q follows from" },
  }
  for i, case in ipairs(bad) do
    it("refuses what makes no sense: " .. i, function()
      assert.error_matches(function() depth.mean_field(case[1]) end, case[2])
    end)
  end
end)
