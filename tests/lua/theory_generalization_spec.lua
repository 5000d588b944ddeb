-- theory.generalization: one-layer students of a noisy teacher.

local g = theory.generalization

describe("theory.generalization.time_to_accuracy", function()
  it("rises with the examples and turns over where they are many", function()
    local alphas = { 0.1, 0.25, 0.5, 0.8, 1, 1.25, 2, 4, 10 }
    local expected = { 0.016, 0.142, 0.492, 1.085, 1.502, 1.951, 2.640, 2.784, 2.561 }
    for i, alpha in ipairs(alphas) do
      assert.near(expected[i], g.time_to_accuracy { alpha = alpha, snr = 5, margin = 0.05 }, 5e-4)
    end
  end)
end)

describe("theory.generalization.time_to_train", function()
  it("is that of a single mode where examples are many", function()
    assert.near(math.log(100) / 2, g.time_to_train { alpha = 1e8, snr = 5, left = 0.01 }, 1e-3)
  end)
end)
