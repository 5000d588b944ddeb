-- Matrices in files: NumPy's files in every form, damaged and lying files, names and endings.

local foreign = "tests/data/foreign/"

local folder
local function path(name) return folder .. "/" .. name end
setup(function()
  folder = os.tmpname()
  os.remove(folder)
  assert(os.execute("mkdir " .. folder))
end)
teardown(function() os.execute("rm -r " .. folder) end)

local function write(name, bytes)
  local file = assert(io.open(path(name), "wb"))
  file:write(bytes)
  file:close()
  return path(name)
end

local function read(name)
  local file = assert(io.open(name, "rb"))
  local bytes = file:read "a"
  file:close()
  return bytes
end

describe("matrix.load of what NumPy wrote", function()
  local A = matrix { { 1, 2, 3 }, { 4, 5, 6 } }
  local types = { "float64", "float32", "float16", "int8", "int16", "int32", "int64", "uint8", "uint16",
    "uint32",
    "uint64" }
  for _, name in ipairs(types) do
    for _, order in ipairs { "c", "fortran" } do
      it(("reads %s in %s order"):format(name, order), function()
        assert.is_true(matrix.load(foreign .. order .. "_" .. name .. ".npy") == A)
      end)
    end
  end
  for _, name in ipairs { "f8", "f4", "f2", "i2", "i4", "i8", "u2", "u4", "u8" } do
    it("reads big-endian " .. name, function()
      assert.is_true(matrix.load(foreign .. "big_" .. name .. ".npy") == A)
    end)
  end

  local cases = {
    { "negative_int16", -A },
    { "negative_int64", -A },
    { "bool", matrix { { 0, 0, 0 }, { 1, 1, 1 } } },
    { "zero_dimensions", matrix { { 2.5 } } },
    { "one_dimension", matrix { 1, 2, 3 } },
    { "empty", matrix.zeros(0, 1) },
    { "empty_rows", matrix.zeros(0, 3) },
    { "slice", matrix { { 1, 4, 7 }, { 17, 20, 23 }, { 33, 36, 39 } } },
    { "format_1", A }, { "format_2", A }, { "format_3", A },
  }
  for _, case in ipairs(cases) do
    it("reads " .. case[1], function()
      local got = matrix.load(foreign .. case[1] .. ".npy")
      assert.equal(case[2].rows, got.rows)
      assert.equal(case[2].cols, got.cols)
      assert.is_true(got == case[2])
    end)
  end

  it("keeps NaN, infinities, the sign of zero and the ends of the range", function()
    local x = matrix.load(foreign .. "special_float64.npy")
    assert.is_true(x[1] ~= x[1])
    assert.equal(math.huge, x[2])
    assert.equal(-math.huge, x[3])
    assert.equal(-math.huge, 1 / x[4])
    assert.equal(5e-324, x[5])
    assert.equal(1.7976931348623157e308, x[6])
    local h = matrix.load(foreign .. "special_float16.npy")
    assert.is_true(h[1] ~= h[1])
    assert.equal(math.huge, h[2])
    assert.equal(65504, h[6])
    assert.equal(0.0999755859375, h[7])
  end)

  it("reads archives, stored and compressed, as tables by name", function()
    local stored = matrix.load(foreign .. "stored.npz")
    assert.is_true(stored.W1 == A and stored.W2 == A.T and stored.b == matrix { 1, 2 })
    assert.equal(0.5, stored.x:item())
    local packed = matrix.load(foreign .. "compressed.npz")
    assert.is_true(packed.W1 == A and packed.W2 == A.T and packed.zeros == matrix.zeros(100, 100))
  end)

  it("reads rows that are longer than its buffers", function()
    local wide = matrix.load(foreign .. "wide.npz")
    assert.equal(140000, wide.c.cols)
    assert.is_true(wide.c == wide.fortran)
    for _, k in ipairs { 0, 1, 131071, 131072, 139999, 140000, 419999 } do
      assert.equal(k % 251, wide.c:get(k // 140000 + 1, k % 140000 + 1))
    end
  end)

  it("reads gzip'd files, and tables that savetxt wrote", function()
    assert.is_true(matrix.load(foreign .. "float64.npy.gz") == A)
    assert.is_true(matrix.load(foreign .. "savetxt.csv") == matrix.load(foreign .. "savetxt.npy"))
    local table = read(foreign .. "savetxt.txt")
    assert.is_true(matrix.load(write("savetxt.csv", table)) == matrix.load(foreign .. "savetxt.npy"))
  end)

  local refused = {
    { "complex.npy", "complex%.npy: holds complex numbers" },
    { "object.npy", "holds Python objects" },
    { "text.npy", "holds text %(dtype '<U1'%)" },
    { "bytes.npy", "holds text %(dtype '|S1'%)" },
    { "record.npy", "structured dtype" },
    { "date.npy", "dates or times" },
    { "three_dimensions.npy", "has 3 dimensions; a matrix has two" },
    { "longdouble.npy", "floats of this size %(dtype '<f16'%)" },
    { "object.npz", "object%.npz, member 'bad': holds Python objects" },
    { "make.py", "its ending; .npy, .csv and .npz are known" },
  }
  for _, case in ipairs(refused) do
    it("refuses " .. case[1] .. " and says why", function()
      assert.error_matches(function() matrix.load(foreign .. case[1]) end, "matrix%.load: .*" .. case[2])
    end)
  end
end)

describe("saving and loading", function()
  local A = random.stream(1):normal(7, 5)
  local shapes = { square = A, row = A:row(2), column = A:col(3), block = A:block(2, 4, 1, 3),
    one = matrix { { 3 } } }

  for name, M in pairs(shapes) do
    for _, ending in ipairs { ".npy", ".csv", ".NPY" } do
      it(("gives a %s back from %s"):format(name, ending), function()
        M:save(path("x" .. ending))
        assert.is_true(matrix.load(path("x" .. ending)) == M)
      end)
    end
  end

  it("gives an empty matrix back from .npy", function()
    matrix.zeros(0, 3):save(path "e.npy")
    local E = matrix.load(path "e.npy")
    assert.equal(0, E.rows)
    assert.equal(3, E.cols)
  end)

  it("keeps archives of many matrices; numbers and lists are matrices too", function()
    local all = {}
    for i = 1, 30 do all["W" .. i] = A * i end
    all.number, all.list = 2, { 1, 2, 3 }
    matrix.save(path "x.npz", all)
    local back = matrix.load(path "x.npz")
    local n = 0
    for name, M in pairs(back) do
      n = n + 1
      if name:match "^W" then assert.is_true(M == all[name]) end
    end
    assert.equal(32, n)
    assert.equal(2, back.number:item())
    assert.is_true(back.list == matrix { 1, 2, 3 })
  end)

  it("writes the same bytes for the same matrices, whatever the order of the table", function()
    matrix.save(path "x.npz", { a = A, b = A.T, c = A })
    local first = read(path "x.npz")
    local again = {}
    for _, name in ipairs { "c", "a", "b" } do again[name] = name == "b" and A.T or A end
    matrix.save(path "x.npz", again)
    assert.equal(first, read(path "x.npz"))
  end)

  it("leaves the old file as it was where the new one cannot be written", function()
    A:save(path "x.npy")
    local before = read(path "x.npy")
    assert.error_matches(function() matrix.save(path "x.npy", { { 1, 2 }, { 3 } }) end, "row 2 has 1 numbers")
    assert.equal(before, read(path "x.npy"))
  end)

  local bad = {
    { "no ending", function() A:save(path "x") end, "A:save: .*its ending; .npy, .csv and .npz are known" },
    { "an unknown ending", function() A:save(path "x.mat") end, "x%.mat': what the file is" },
    { "a missing folder", function() A:save(path "none/x.npy") end,
      "none/x%.npy: cannot be written: No such file" },
    { "a folder", function() os.execute("mkdir -p " .. path "d.npy") A:save(path "d.npy") end,
      "it is a folder" },
    { "no path", function() A:save() end, "A:save: the path must be a string, got nil" },
    { "a zero byte", function() A:save "x\0.npy" end, "zero byte" },
    { "one matrix to .npz", function() A:save(path "x.npz") end, "holds matrices by name; use matrix%.save" },
    { "an archive of nothing", function() matrix.save(path "x.npz", {}) end, "there is no matrix to save" },
    { "an archive of a list", function() matrix.save(path "x.npz", { A }) end,
      "need names; got one at %[1%]" },
    { "an archive of text", function() matrix.save(path "x.npz", { a = "x" }) end,
      "a must be a matrix or a list" },
    { "an empty name", function() matrix.save(path "x.npz", { [""] = A }) end, "1 to 200 bytes" },
    { "no table", function() matrix.save(path "x.npz", 3) end, "made from a table" },
    { "a file that is not there", function() matrix.load(path "none.npy") end,
      "cannot be opened: No such file" },
    { "a folder to load", function() matrix.load(path "d.npy") end, "is a folder" },
    { "a device", function() os.execute("ln -sf /dev/zero " .. path "z.npy") matrix.load(path "z.npy") end,
      "is not a regular file" },
    { "a number for a path", function() matrix.load(3) end, "the path must be a string, got 3" },
  }
  for _, case in ipairs(bad) do
    it("refuses " .. case[1], function() assert.error_matches(case[2], case[3]) end)
  end

  it("says where in the script", function()
    assert.error_matches(function() matrix.load "none.npy" end,
      "^tests/lua/files_spec%.lua:%d+: matrix%.load: none%.npy")
  end)
end)

describe("a damaged file", function()
  it("is an error wherever it ends", function()
    local A = matrix { { 1, 2 }, { 3, 4 } }
    A:save(path "t.npy")
    matrix.save(path "t.npz", { a = A, b = A })
    for _, name in ipairs { "t.npy", "t.npz" } do
      local whole = read(path(name))
      for n = 0, #whole - 1 do
        local part = write("part" .. name, whole:sub(1, n))
        assert.error_matches(function() matrix.load(part) end, "part" .. name)
      end
    end
  end)

  local function csv(text) return function() matrix.load(write("bad.csv", text)) end end
  local bad = {
    { "ragged", csv "1,2\n3\n", "bad%.csv:2: 1 cells, and the first row has 2" },
    { "with a word", csv "1,2\n3,x\n", "bad%.csv:2: column 2 is 'x'; a number was expected" },
    { "with a missing cell", csv "a,b\n1,\n", "bad%.csv:2: column 2 %(b%) is missing" },
    { "empty", csv "", "is empty" },
    { "binary", csv "1\0002", "is not a table of text: byte 2 is 0" },
  }
  for _, case in ipairs(bad) do
    it("of text, " .. case[1] .. ", is an error with line and column", function()
      assert.error_matches(case[2], case[3])
    end)
  end
end)

-- Archives made here byte by byte, so that they can lie.
describe("an archive that lies", function()
  local function crc32(bytes)
    local crc = 0xffffffff
    for i = 1, #bytes do
      crc = crc ~ bytes:byte(i)
      for _ = 1, 8 do crc = crc >> 1 ~ (crc & 1) * 0xedb88320 end
    end
    return crc ~ 0xffffffff
  end

  local function npy(header, data) return "\x93NUMPY\x01\x00" .. string.pack("<s2", header) .. data end
  local good = npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }\n", string.pack("<dd", 1, 2))

  --- A zip file of stored members { name, bytes, size = declared, packed = declared, method = }.
  local function zip(members)
    local body, index = {}, {}
    local at = 0
    for _, m in ipairs(members) do
      local name, bytes = m[1], m[2]
      local size, packed = m.size or #bytes, m.packed or #bytes
      local extra, size32, packed32 = "", size, packed
      if size >= 0xffffffff then
        extra, size32, packed32 = string.pack("<I2I2I8I8", 1, 16, size, packed), 0xffffffff, 0xffffffff
      end
      local common = string.pack("<I2I2I2I2I2I4I4I4I2I2", 45, m.flags or 0, m.method or 0, 0, 33,
        m.crc or crc32(bytes),
        packed32, size32, #name, #extra)
      local local_header = "PK\3\4" .. common .. name .. extra
      index[#index + 1] = "PK\1\2" .. string.pack("<I2", 45) .. common .. string.pack("<I2I2I2I4I4", 0, 0, 0,
        0, at) ..
        name .. extra
      body[#body + 1] = local_header .. bytes
      at = at + #local_header + #bytes
    end
    local directory = table.concat(index)
    return table.concat(body) .. directory ..
      "PK\5\6" .. string.pack("<I2I2I2I2I4I4I2", 0, 0, #members, #members, #directory, at, 0)
  end

  it("is readable when it does not lie", function()
    assert.is_true(matrix.load(write("good.npz", zip { { "a.npy", good } })).a == matrix { 1, 2 })
  end)

  local tera = 1 << 40
  local cases = {
    { "of terabytes", { { "a.npy", good, size = 8 * tera } }, "declares 8796093022208 bytes, more than its" },
    { "of terabytes packed in terabytes", { { "a.npy", good, size = 8 * tera, packed = 8 * tera } },
      "declares" },
    { "about its size", { { "a.npy", good, size = #good + 8, packed = #good + 8 } },
      "declares a 2 x 1 array of 16 bytes, and 24 are there" },
    { "about its checksum", { { "a.npy", good, crc = 1 } }, "member 'a': is damaged: CRC error" },
    { "about its method", { { "a.npy", good, method = 8 } }, "member 'a': is damaged" },
    { "with an unknown method", { { "a.npy", good, method = 99 } }, "cannot be read" },
    { "encrypted", { { "a.npy", good, flags = 1 } }, "member 'a': " },
    { "with a member that is no array", { { "a.npy", good }, { "b.txt", "hello" } },
      "'b%.txt', which is not a %.npy" },
    { "with a name twice", { { "a.npy", good }, { "b.npy", good }, { "a.npy", good } }, "'a%.npy' twice" },
    { "about a shape", { { "a.npy",
      npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000, 1000000)}", "") } },
      "member 'a': declares a 1000000 x 1000000 array of 8000000000000 bytes, and 0 are there" },
    { "with a member that is text", { { "a.npy", "hello, this is no array" } },
      "member 'a': is not a %.npy file" },
  }
  for _, case in ipairs(cases) do
    it(case[1] .. " is an error, and takes no memory", function()
      local file = write("bad.npz", zip(case[2]))
      collectgarbage()
      local before = collectgarbage "count"
      assert.error_matches(function() matrix.load(file) end, "matrix%.load: .*bad%.npz.*" .. case[3])
      assert.is_true(collectgarbage "count" - before < 1000)
    end)
  end

  it("is no archive at all", function()
    assert.error_matches(function() matrix.load(write("bad.npz", "hello")) end, "cannot be read as a .npz: ")
    assert.error_matches(function() matrix.load(write("bad.npz", "")) end, "is empty")
  end)
end)
