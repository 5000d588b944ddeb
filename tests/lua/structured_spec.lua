-- Tasks whose items stand in a structure: what is drawn follows the population, and the population is that of the structure.

local FEATURES = 4000

--- Every kind of structure, drawn.
local drawn = {
  { "tree", data.tree, { branching = { 2, 3, 2 }, flip = { 0.2, 0.1, 0.05 } } },
  { "ring", data.ring, { items = 7 } },
  { "order", data.order, { items = 6, weight = 2 } },
  { "grid", data.grid, { rows = 2, columns = 3, sigma = 2 } },
  { "clusters", data.clusters, { clusters = 3, size = 3, sigma = 1 } },
  { "crosscut", data.crosscut, { rows = 3, columns = 4, share = 0.3 } },
}

--- The same options with these added.
local function with(options, more)
  local all = {}
  for name, value in pairs(options) do all[name] = value end
  for name, value in pairs(more) do all[name] = value end
  return all
end

--- Means over groups.
local function group_means(values, groups)
  local means = {}
  for g, group in ipairs(groups) do
    means[g] = 0
    for _, k in ipairs(group) do means[g] = means[g] + values[k] / #group end
  end
  return matrix(means)
end

for _, case in ipairs(drawn) do
  local name, make, options = table.unpack(case)
  describe("data." .. name, function()
    local task = make(with(options, { features = FEATURES, seed = 1 }))
    local p = task.population
    local n = task.inputs
    local lambda = p.singular_values:pow(2) / FEATURES

    it("has one-hot items and names", function()
      assert.is_true(task.X == matrix.eye(n))
      assert.equal(n, #task.items)
      assert.equal(FEATURES, #task.features)
      assert.equal(name, task.name)
      for i = 1, n do assert.equal(i, task:item(task.items[i])) end
    end)

    it("has modes and singular values that make its covariance", function()
      assert.close(p.V:tmul(p.V), matrix.eye(n), 1e-14)
      assert.close(p.V * matrix.diag(lambda) * p.V.T, p.covariance, 1e-14 * p.covariance:norm())
      for k = 2, n do assert.is_true(lambda[k] <= lambda[k - 1] * (1 + 1e-12)) end
      local count = 0
      for _, group in ipairs(p.groups) do
        for _, k in ipairs(group) do
          count = count + 1
          assert.equal(count, k)
          assert.close(p.singular_values[k], p.singular_values[group[1]], 1e-8 * p.singular_values[1])
        end
      end
      assert.equal(n, count)
    end)

    it("draws features with that covariance", function()
      local C = task.Y:tmul(task.Y) / FEATURES
      for i = 1, n do
        for j = 1, n do -- the variance of a product of Gaussians; of signs it is less
          local c = p.covariance
          local sd = ((c[i][i] * c[j][j] + c[i][j] ^ 2) / FEATURES) ^ 0.5
          assert.is_true(math.abs(C[i][j] - c[i][j]) < 4.5 * sd, ("(%d, %d): %g, %g"):format(i, j, C[i][j], c[i][j]))
        end
      end
    end)

    it("has group means of s^2/F at the population's", function()
      local mean_of = {}
      for seed = 1, 5 do
        local _, s = data.task { X = task.X, Y = make(with(options, { features = FEATURES, seed = seed })).Y }:svd()
        for g, mean in ipairs(group_means((s * n):pow(2) / FEATURES, p.groups)) do
          mean_of[g] = (mean_of[g] or 0) + mean / 5
        end
      end
      for g, group in ipairs(p.groups) do
        local sampling = 4.5 * (2 / FEATURES / 5) ^ 0.5 + 2 * n / FEATURES -- spread of the mean, and repulsion of neighbours
        assert.close(mean_of[g], lambda[group[1]], sampling * lambda[group[1]] + 1e-12)
      end
    end)

    it("draws the same again, other features for another seed, and the first of more", function()
      assert.is_true(make(with(options, { features = FEATURES, seed = 1 })).Y == task.Y)
      assert.is_false(make(with(options, { features = FEATURES, seed = 2 })).Y == task.Y)
      if name ~= "crosscut" then -- where the share says which features come first
        local few = make(with(options, { features = 3, seed = 1 })).Y
        assert.close(few, task.Y:rowrange(1, 3), 1e-13)
      end
    end)

    it("takes names in place of counts", function()
      local named = make(with(options, { features = { "a", "b", "c" } }))
      assert.equal(3, named.outputs)
      assert.equal(2, named:feature "b")
      assert.equal(1000, make(options).outputs)
    end)
  end)
end

describe("the population", function()
  it("of a tree has the published singular values", function()
    local p = data.tree { branching = { 2, 2, 2 }, flip = 0.1, features = 1000 }.population
    assert.close(group_means(p.singular_values, p.groups), matrix { 59.226, 37.558, 28.650, 18.974 }, 1e-5)
    assert.close(p.covariance[1][1], 1, 1e-15)
    assert.close(p.covariance[1][2], 0.64, 1e-15)
    assert.close(p.covariance[1][3], 0.64 ^ 2, 1e-15)
    assert.close(p.covariance[1][8], 0.64 ^ 3, 1e-15)
  end)

  it("of a ring is the inverse of its precision", function()
    local p = data.ring { items = 12, sigma = 3 }.population
    local Q = matrix.eye(12) * (2 + 1 / 9)
    for i = 1, 12 do
      Q:set(i, i % 12 + 1, -1)
      Q:set(i % 12 + 1, i, -1)
    end
    assert.close(p.covariance, Q:inv(), 1e-13)
    assert.close(group_means(p.singular_values, p.groups), matrix { 94.868, 51.362, 30, 21.764, 17.928, 16.131, 15.596 }, 1e-5)
  end)

  it("of crossed classes adds what rows and columns give", function()
    local task = data.crosscut { rows = 2, columns = 3, features = { 3, 1 } }
    local _, s = task:svd()
    assert.close(s:rowrange(1, 6) * 6, task.population.singular_values, 1e-12)
    -- f n + g m once, f n (m - 1 times), g m (n - 1 times), for m = 2 rows and n = 3 columns
    assert.close(task.population.singular_values:pow(2), matrix { 11, 9, 2, 2, 0, 0 }, 1e-12)
    assert.same({ { 1 }, { 2 }, { 3, 4 }, { 5, 6 } }, task.population.groups)
  end)

  it("of features that nodes own is that of Y", function()
    local task = data.tree { branching = { 2, 2, 2 }, features = { 1, 1, 1, 1 } }
    local _, s, _ = task:svd()
    assert.close(s * 8, task.population.singular_values, 1e-12)
    assert.close(task.population.singular_values:pow(2), matrix { 15, 7, 3, 3, 1, 1, 1, 1 }, 1e-12)
    assert.close(task.Y:tmul(task.Y) / 15, task.population.covariance, 1e-14)
    assert.same({ "root", "1", "2", "1.1", "1.2" }, { table.unpack(task.features, 1, 5) })
    assert.equal(1, task.Y[task:feature "2.1"][task:item "2.1.2"])
    assert.equal(0, task.Y[task:feature "2.1"][task:item "2.2.1"])
  end)

  it("joins modes of levels that no flip tells apart", function()
    local p = data.tree { branching = { 2, 2 }, flip = { 0.5, 0.1 } }.population
    assert.same({ { 1, 2 }, { 3, 4 } }, p.groups) -- the root is forgotten: two halves, then items
    p = data.tree { branching = { 2, 2 }, flip = { 0.1, 0 } }.population
    assert.close(p.singular_values:rowrange(3, 4), matrix { 0, 0 }, 0)
  end)

  it("is not kept by tasks of other items", function()
    assert.is_nil(data.ring { items = 5 }:center().population)
    assert.is_nil(data.semantic().population)
  end)
end)

describe("names", function()
  it("of items may be given", function()
    local months = { "January", "April", "July", "October" }
    assert.equal(3, data.ring { items = months }:item "July")
    assert.equal(2, data.tree { branching = { 2, 2 }, flip = 0.1, items = months }:item "April")
    assert.equal("October", data.crosscut { rows = 2, columns = 2, features = { 1, 1 }, items = months }.items[4])
  end)

  it("of several features at one node are numbered", function()
    local features = data.tree { branching = { 2 }, features = { 0, 2 } }.features
    assert.same({ "1 (1)", "1 (2)", "2 (1)", "2 (2)" }, features)
    features = data.crosscut { rows = 2, columns = 2, features = { 1, 2 } }.features
    assert.same({ "row 1", "row 2", "column 1 (1)", "column 1 (2)", "column 2 (1)", "column 2 (2)" }, features)
  end)
end)

describe("bad structures", function()
  local bad = {
    { "tree", { flip = 0.1 }, "branching must be a matrix or a list of numbers, got nil" },
    { "tree", { branching = {}, flip = 0.1 }, "branching has 0 levels" },
    { "tree", { branching = { 2, 1 }, flip = 0.1 }, "branching%[2%] = 1: a node has 2 children or more" },
    { "tree", { branching = { 2, 2.5 }, flip = 0.1 }, "branching%[2%] = 2.5" },
    { "tree", { branching = { 2, 2 }, flip = 0.6 }, "flip%[1%] = 0.6: a probability of flipping lies in %[0, 1/2%]" },
    { "tree", { branching = { 2, 2 }, flip = { 0.1, -0.1 } }, "flip%[2%] = %-0.1" },
    { "tree", { branching = { 2, 2 }, flip = { 0.1, 0.1, 0.1 } }, "flip must be a number, or a list of 2" },
    { "tree", { branching = { 2, 2 }, flip = 0 / 0 }, "flip has NaN" },
    { "tree", { branching = { 2, 2 }, features = 10 }, "flip is needed to draw features; or features = a list of 3" },
    { "tree", { branching = { 2, 2 } }, "flip is needed" },
    { "tree", { branching = { 2, 2 }, features = { 1, 1 } }, "features must be a list of 3 numbers" },
    { "tree", { branching = { 2, 2 }, features = { 0, 0, 0 } }, "features are 0 at every level" },
    { "tree", { branching = { 2, 2 }, features = { 1, -1, 0 } }, "features%[2%] = %-1" },
    { "tree", { branching = { 2, 2 }, features = { 1, 1, 1 }, seed = 1 }, "seed goes with flip" },
    { "tree", { branching = { 2, 2 }, flip = 0.1, items = { "a", "b", "c" } }, "items has 3 names, and there are 4 items" },
    { "tree", { branching = { 2, 2 }, flip = 0.1, items = 4 }, "items must be a list of names, got 4" },
    { "tree", { branching = { 2, 2 }, flip = 0.1, features = {} }, "features has 0 names; at least 1" },
    { "tree", { branching = { 1000, 1000, 1000, 1000 }, flip = 0.1 }, "columns" },
    { "tree", { branching = { 2, 2 }, flips = 0.1 }, "unknown option 'flips'; did you mean 'flip'%?" },
    { "ring", {}, "items must say how many there are, or list their names" },
    { "ring", { items = 2 }, "items = 2: must lie between 3" },
    { "ring", { items = { "a", "b" } }, "items has 2 names; at least 3" },
    { "ring", { items = { "a", {}, "b" } }, "items must be a list of names; number 2 is a table" },
    { "ring", { items = 4, sigma = 0 }, "sigma must be a number above 0, got 0" },
    { "ring", { items = 4, weight = -1 }, "weight must be a number above 0, got %-1" },
    { "ring", { items = 4, features = 0 }, "features = 0: must lie between 1" },
    { "ring", { items = 4, seed = "x" }, "seed" },
    { "order", { items = 1 }, "items = 1: must lie between 2" },
    { "grid", { rows = 1, columns = 1 }, "1 items: at least 2 are needed" },
    { "grid", { rows = 2 }, "columns" },
    { "grid", { rows = 2, columns = 2, items = { "a" } }, "items has 1 names, and there are 4 items" },
    { "clusters", { clusters = 2, size = 0 }, "size = 0: must lie between 1" },
    { "crosscut", { rows = 1, columns = 4 }, "rows = 1: classes that cross need two rows and two columns" },
    { "crosscut", { rows = 2, columns = 2, features = { 1, 2, 3 } }, "got 3 numbers" },
    { "crosscut", { rows = 2, columns = 2, features = { 1, 0.5 } }, "features must be whole numbers >= 0; number 2 is 0.5" },
    { "crosscut", { rows = 2, columns = 2, features = { 0, 0 } }, "features are 0 of both" },
    { "crosscut", { rows = 2, columns = 2, features = { 1, 1 }, share = 0.5 }, "share goes with features that are drawn" },
    { "crosscut", { rows = 2, columns = 2, share = 1.5 }, "share must be a number between 0 and 1" },
  }
  for i, case in ipairs(bad) do
    local name, options, message = table.unpack(case)
    it(("are refused %d: data.%s, %s"):format(i, name, message), function()
      assert.error_matches(function() data[name](options) end, "data%." .. name .. ": .*" .. message)
    end)
  end
end)
