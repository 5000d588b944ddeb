-- Tasks from tables of text, IDX files and NumPy's archives.

local folder
setup(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir " .. folder))
end)
teardown(function() os.execute("rm -r " .. folder) end)

local function write(name, bytes)
  local file = assert(io.open(folder .. "/" .. name, "wb"))
  file:write(bytes)
  file:close()
  return folder .. "/" .. name
end

describe("data.csv", function()
  local flowers = "width,kind,length,height\n1,rose,2,7\n3,daisy,4,8\n5,rose,6,9\n"

  it("makes a one-hot output for each class of the label; rows become columns", function()
    local task = data.csv(write("a.csv", flowers), { label = "kind" })
    assert.is_true(task.X == matrix { { 1, 3, 5 }, { 2, 4, 6 }, { 7, 8, 9 } })
    assert.is_true(task.Y == matrix { { 0, 1, 0 }, { 1, 0, 1 } })
    assert.same({ "daisy", "rose" }, task.features)
    assert.same({ "width", "length", "height" }, task.input_names)
    assert.is_true(task.labels == matrix { 2, 1, 2 })
    assert.equal("a.csv", task.name)
  end)

  it("takes columns by name and by number", function()
    local task = data.csv(write("a.csv", flowers), { inputs = { 3, "width" }, outputs = "height", label = 2 })
    assert.is_true(task.X == matrix { { 1, 3, 5 }, { 2, 4, 6 } }) -- in the order of the table
    assert.is_true(task.Y == matrix { { 7, 8, 9 } })
    assert.same({ "height" }, task.features)
    assert.same({ "daisy", "rose" }, task.classes)
  end)

  it("gives each named item an input of its own", function()
    local task = data.csv(write("a.csv", "name,can fly,can swim\nrobin,1,0\nsalmon,0,1\n"),
      { items = "name" })
    assert.is_true(task.X == matrix.eye(2))
    assert.is_true(task.Y == matrix.eye(2))
    assert.equal(2, task:item "salmon")
    assert.equal(2, task:feature "can swim")
  end)

  it("orders classes that are numbers as numbers", function()
    local task = data.csv(write("a.csv", "1,10\n2,9\n3,10\n"), { label = 2 })
    assert.same({ "9", "10" }, task.classes)
  end)

  for name, separator in pairs { comma = ",", semicolon = ";", tab = "\t", space = " " } do
    it("reads cells separated by a " .. name, function()
      local text = flowers:gsub(",", separator):gsub("\n", "\r\n")
      for _, option in ipairs { "auto", name, separator } do
        local task = data.csv(write("a.csv", "\xef\xbb\xbf" .. text), { label = "kind", separator = option })
        assert.is_true(task.X == matrix { { 1, 3, 5 }, { 2, 4, 6 }, { 7, 8, 9 } })
      end
    end)
  end

  local bad = {
    { nil, "a table of options is needed" },
    { {}, "say which columns are outputs" },
    { { label = "sort" }, "label = 'sort' is no column of the table" },
    { { label = "kinds" }, "label = 'kinds' is no column of the table; did you mean 'kind'%?" },
    { { label = 5 }, "label = 5: must lie between 1 and 4" },
    { { label = {} }, "label must name columns" },
    { { label = "kind", inputs = { "width", "kind" } }, "label has column 2, which is already used" },
    { { inputs = {}, outputs = 1 }, "inputs must name at least one column" },
    { { outputs = "kind" }, "a%.csv:2: column 2 %(kind%) is 'rose'; a number was expected" },
    { { outputs = { 1, 2, 3, 4 } }, "no column is left for the inputs" },
    { { inputs = { 1, 2, 3, 4 } }, "no column is left for the outputs" },
    { { label = "kind", header = "yes" }, "header must be true, false or 'auto', got the string 'yes'" },
    { { label = "kind", header = false }, "the table has no header; give the number of the column" },
    { { label = 2, header = false }, "a%.csv:1: column 1 is 'width'" },
    { { label = "kind", separator = "|" }, "separator = '|' is not known" },
    { { label = "kind", separator = "tab" },
      "no column of the table; the first is 'width,kind,length,height'" },
    { { lable = "kind" }, "unknown option 'lable'; did you mean 'label'%?" },
  }
  for _, case in ipairs(bad) do
    it("refuses: " .. case[2], function()
      local file = write("a.csv", flowers)
      assert.error_matches(function() data.csv(file, case[1]) end, "data%.csv: .*" .. case[2])
    end)
  end

  local damaged = {
    { "1,a\n2\n", "a%.csv:2: 1 cells, and the first row has 2" },
    { "x,kind\n1,a\n,b\n", "a%.csv:3: column 1 %(x%) is missing; a number was expected" },
    { "x,kind\n1,a\n2,\n", "a%.csv:3: column 2 %(kind%) is missing; a label was expected" },
    { "x,kind\n1,a\nnan,b\n", "a%.csv:3: column 1 %(x%) is 'nan'; a finite number was expected" },
    { "x,kind\n1,a\n" .. "2," .. ("b"):rep(300) .. "\n", "a%.csv:3: column 2 %(kind%) is 'bbb" },
    { "x,kind\n", "has a header and no rows" },
    { "", "is empty" },
  }
  for _, case in ipairs(damaged) do
    it("says of a damaged table: " .. case[2], function()
      local file = write("a.csv", case[1])
      assert.error_matches(function() data.csv(file, { label = 2 }) end, "data%.csv: .*" .. case[2])
    end)
  end

  it("says where in the script", function()
    assert.error_matches(function() data.csv("none.csv", { label = 1 }) end,
      "^tests/lua/data_files_spec%.lua:%d+: data%.csv: none%.csv: cannot be opened")
  end)
end)

describe("data.idx", function()
  --- An IDX file of bytes.
  local function idx(sizes, bytes)
    local parts = { string.pack(">BBBB", 0, 0, 8, #sizes) }
    for _, size in ipairs(sizes) do parts[#parts + 1] = string.pack(">I4", size) end
    return table.concat(parts) .. bytes
  end
  local images = idx({ 3, 2, 2 }, "\0\255\51\102" .. ("\0"):rep(8))

  it("scales pixels to [0, 1] and makes labels one-hot", function()
    local task = data.idx(write("images", images), write("labels", idx({ 3 }, "\2\0\2")))
    assert.equal(3, task.examples)
    assert.close(task.X:col(1), matrix { 0, 1, 0.2, 0.4 }, 1e-16)
    assert.is_true(task.Y == matrix { { 0, 1, 0 }, { 0, 0, 0 }, { 1, 0, 1 } })
    assert.same({ "0", "1", "2" }, task.classes)
    assert.same({ 2, 2 }, task.image)
  end)

  it("without labels asks for the images themselves", function()
    local task = data.idx(write("images", images))
    assert.is_true(task.Y == task.X)
    assert.equal(4, task.outputs)
  end)

  local bad = {
    { "hello", nil, "is not an IDX file" },
    { images:sub(1, 20), nil, "declares 3 items of 4 numbers of 1 bytes, and 4 bytes are there" },
    { images .. "x", nil, "and 13 bytes are there" },
    { idx({ 0, 2, 2 }, ""), nil, "has 0 items of 4 numbers" },
    { idx({ 2000000000, 2, 2 }, "abcd"), nil, "declares 2000000000 items" },
    { images, idx({ 2 }, "\1\2"), "has 2 labels, and there are 3 images" },
    { images, idx({ 3, 2 }, "abcdef"), "has 2 numbers for each item; a label is one" },
    { images, "\0\0\9\1\0\0\0\3\1\2\255", "label 3 is %-1; labels are whole numbers from 0" },
    { images, "", "labels: ends in the middle of the IDX header" },
  }
  for _, case in ipairs(bad) do
    it("refuses: " .. case[3], function()
      local labels = case[2] and write("labels", case[2])
      local file = write("images", case[1])
      assert.error_matches(function() data.idx(file, labels) end, "data%.idx: .*" .. case[3])
    end)
  end

  it("is an error wherever a file ends", function()
    for n = 0, #images - 1 do
      local part = write("part", images:sub(1, n))
      assert.error_matches(function() data.idx(part) end, "data%.idx: .*part: ")
    end
  end)
end)

describe("data.npz", function()
  local X, Y = random.stream(1):normal(3, 5), random.stream(2):normal(2, 5)
  local function save(arrays)
    matrix.save(folder .. "/a.npz", arrays)
    return folder .. "/a.npz"
  end

  it("takes X and Y with examples in columns, or in rows", function()
    local task = data.npz(save { X = X, Y = Y })
    assert.is_true(task.X == X and task.Y == Y)
    task = data.npz(save { x_train = X.T, y_train = Y.T }, { inputs = "x_train", outputs = "y_train",
      rows = true })
    assert.is_true(task.X == X and task.Y == Y)
  end)

  it("makes labels one-hot", function()
    local task = data.npz(save { X = X, labels = { 7, 3, 3, 10, 7 } }, { labels = "labels" })
    assert.same({ "3", "7", "10" }, task.classes)
    assert.is_true(task.Y == matrix { { 0, 1, 1, 0, 0 }, { 1, 0, 0, 0, 1 }, { 0, 0, 0, 1, 0 } })
  end)

  local bad = {
    { { X = X }, nil, "outputs = 'Y': the archive has no such array; it has X" },
    { { A = X }, nil, "inputs = 'X': the archive has no such array; it has A" },
    { { X = X, Y = Y:colrange(1, 4) }, nil,
      "the inputs are 3x5 and the outputs 2x4; a column is an example" },
    { { X = matrix { { 0 / 0 } }, Y = { { 1 } } }, nil, "X has NaN at %(1, 1%)" },
    { { X = X, l = { 1, 2 } }, { labels = "l" }, "labels must have one number for each of the 5 examples" },
    { { X = matrix.zeros(3, 0), Y = Y }, nil, "inputs is a 3x0 array" },
    { { X = X, Y = Y }, { rows = 1 }, "rows must be true or false, got 1" },
  }
  for _, case in ipairs(bad) do
    it("refuses: " .. case[3], function()
      local file = save(case[1])
      assert.error_matches(function() data.npz(file, case[2]) end, "data%.npz: .*" .. case[3])
    end)
  end
end)
