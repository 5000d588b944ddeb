-- tests/reference.lua and the values that theory must meet.

local VALUES = "tests/data/modes_and_shallow_values.json"

--- Runs the checker on files; returns what it printed and whether it was content.
local function check(...)
  local files = table.concat({ ... }, " ")
  local pipe = assert(io.popen(("'%s' tests/reference.lua %s 2>&1"):format(os.getenv "LINNET", files)))
  local text = pipe:read "a"
  return text, (pipe:close()) == true
end

--- Runs the checker on a file with this content.
local function check_text(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  local printed, content = check(path)
  os.remove(path)
  return printed, content
end

local function one_case(case) return '{"meta": {}, "cases": {"0": [' .. case .. "]}}" end

local LOGISTIC = '{"id": "x1", "fn": "mode_equal", '
  .. '"in": {"u0": 0.001, "s": 3, "rho": 1, "D": 2, "t": [0, 1, %s]}, '
  .. '"out": {"u": [0.001, %s, 3]}, "rtol": 1e-12}'

local BEYOND = '{"id": "%s", "fn": "mode_equal_hit", "in": {"u0": 0.1, "s": 1, "rho": 1, "D": 3, "u": 2}, '
  .. '"out": {"t": %s}, "rtol": 1}'
local EMPTY = '{"id": "a", "fn": "mode_equal", "in": {"u0": 1, "s": 1, "rho": 1, "D": 2, "t": 1}, '
  .. '"out": {}, "rtol": 1}'
local UNKNOWN = '{"id": "a", "fn": "divination", "in": {}, "out": {"u": 1}, "rtol": 1}'

describe("reference values", function()
  it("of single modes, one-layer networks and decoupled networks are met", function()
    local text, content = check(VALUES)
    assert.are.equal("62 passed, 0 failed\n", text)
    assert.is_true(content)
  end)

  it("of kernels, curvatures, rates and stochastic descent are met", function()
    local text, content = check "tests/data/kernel_and_stability_values.json"
    assert.are.equal("12 passed, 0 failed\n", text)
    assert.is_true(content)
  end)

  it("of gradients, descent with momentum and weight decay, and gradient flow are met", function()
    local text, content = check "tests/data/training_values.json"
    assert.are.equal("13 passed, 0 failed\n", text)
    assert.is_true(content)
  end)

  it("of balanced motion, completion and sensing are met", function()
    local text, content = check "tests/data/balanced_values.json"
    assert.are.equal("10 passed, 0 failed\n", text)
    assert.is_true(content)
  end)

  it("of two layers from balanced weights are met", function()
    assert.are.equal("18 passed, 0 failed\n", (check "tests/data/riccati_values.json"))
  end)

  it("of deep students, teachers of low rank, transfer and random features are met", function()
    assert.are.equal("38 passed, 0 failed\n", (check "tests/data/generalization_deep_values.json"))
  end)

  it("of one-layer students in high dimensions are met", function()
    assert.are.equal("17 passed, 0 failed\n", (check "tests/data/generalization_values.json"))
  end)

  it("of random matrices, mean fields and deep Jacobians are met", function()
    assert.are.equal("34 passed, 0 failed\n", (check "tests/data/spectrum_values.json"))
  end)

  it("of semantic development, structures, pretraining and pathways are met", function()
    assert.are.equal("58 passed, 0 failed\n", (check "tests/data/semantics_values.json"))
  end)

  it("are summed over all files", function()
    local text, content = check(VALUES, VALUES)
    assert.are.equal("124 passed, 0 failed\n", text)
    assert.is_true(content)
  end)

  it("that are met pass, with bare infinities and NaN", function()
    local text = check_text(one_case(LOGISTIC:format("Infinity", "0.35571247891884354")))
    assert.are.equal("1 passed, 0 failed\n", text)
    text = check_text(one_case(BEYOND:format('NaN, is \\"NaN\\"', "NaN")))
    assert.are.equal("1 passed, 0 failed\n", text)
  end)

  it("that are null are met by whatever is not finite", function()
    assert.are.equal("1 passed, 0 failed\n", (check_text(one_case(BEYOND:format("a", "null")))))
    local finite = BEYOND:gsub('"u": 2', '"u": 0.5, "extra": null')
    assert.matches("off by inf, .*\n0 passed, 1 failed\n$", (check_text(one_case(finite:format("a", "null")))))
    assert.are.equal("1 passed, 0 failed\n", (check_text(one_case(finite:format("a", "3")))))
  end)

  it("that are not met fail by name", function()
    local text, content = check_text(one_case(LOGISTIC:format("100", "0.35571247891895")))
    assert.are.equal("1 passed, 0 failed\n", text) -- within the tolerance
    assert.is_true(content)
    text, content = check_text(one_case(LOGISTIC:format("100", "0.3557124790")))
    assert.matches("x1 %(mode_equal%): u is off by [%d.]+e%-10, allowed 1e%-12\n0 passed, 1 failed\n$", text)
    assert.is_false(content)
  end)

  local failing = {
    { "a function that linnet does not have", UNKNOWN, "no public function" },
    { "an error of the function", LOGISTIC:gsub('"rho": 1', '"rho": -1'):format("1", "1"), "rho = %-1" },
    { "NaN where a number is expected", BEYOND:format("a", "1"), "off by inf" },
    { "a wrong shape", LOGISTIC:gsub('0.001, %%s, 3', "0.001"):format("1"), "u is 3x1, expected 1x1" },
    { "an output that is missing", LOGISTIC:gsub('"u":', '"w":'):format("1", "1"), "no output 'w'" },
    { "a case without outputs", EMPTY, "no outputs" },
  }
  for _, case in ipairs(failing) do
    it("fail by " .. case[1], function()
      local text, content = check_text(one_case(case[2]))
      assert.matches(case[3], text)
      assert.matches("0 passed, 1 failed\n$", text)
      assert.is_false(content)
    end)
  end

  it("that cannot be read fail, and the others are still checked", function()
    local text, content = check("/nonexistent.json", VALUES)
    assert.matches("cannot read /nonexistent.json.*\n62 passed, 0 failed\n$", text)
    assert.is_false(content)
    text, content = check_text '{"meta": {}, "cases": '
    assert.matches("cannot read .*\n0 passed, 0 failed\n$", text)
    assert.is_false(content)
    assert.is_false(select(2, check_text "[1, 2]"))
    assert.is_false(select(2, check()))
  end)
end)
