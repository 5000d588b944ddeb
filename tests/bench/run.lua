-- Benchmarks: linnet beside what its users have today. `make bench` runs them, in about two minutes.
--
-- How to read the table:
--   linnet, peer   the least of three runs, each in a process of its own, the two sides taking turns
--   ratio          peer / linnet: how many times faster (or smaller) linnet is
--   aim            what linnet is to reach: a ratio, or a figure where one is written
--   apart          largest difference of the two results over the largest number in them; above 1e-9 times are not
--                  compared: DIFFERS, and exit status 1. Nothing fails on time.
-- The peer is NumPy or SciPy, written as well as we can: results preallocated, products on the second moments
-- where linnet's are; for the start also lua5.4. Where a peer is not installed linnet's column stands alone. Both
-- sides use one thread over the same OpenBLAS. Times are processor time (of the start and W4_2T: time on the clock);
-- what else runs on the machine adds 10 to 50 % to them, and less to ratios.
-- What a row does: jobs_matrix.lua, jobs_training.lua, jobs_theory.lua, and under the same name in jobs.py. Only some
-- rows:
-- `linnet tests/bench/run.lua W1a W1b`. As on a machine with AVX2 only: LINNET_KERNELS=v3 in the environment.

local process = require "linnet.process"

local RUNS = 3
local LIMIT = 1e-9
local PYTHON = "/usr/bin/python3"
local LINNET = arg[-1]
local HERE = arg[0]:match "^(.*)/" or "."

-- The kernels that OpenBLAS chooses for this machine, one thread.
local ENV = { "env", "-u", "OPENBLAS_CORETYPE", "-u", "OPENBLAS_L2_SIZE", "OPENBLAS_NUM_THREADS=1" }

-- LINNET_KERNELS=v3: all sides without AVX-512.
if os.getenv "LINNET_KERNELS" == "v3" then
  table.move({ "OPENBLAS_CORETYPE=Haswell",
    "NPY_DISABLE_CPU_FEATURES=AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL" }, 1, 2, #ENV + 1, ENV)
end

local PRINT = "print(1)"
local LUA_SIZE = "for line in io.lines '/proc/self/status' do print(line:match '^VmHWM:%s*(%d+)') end"
local PYTHON_SIZE = [[
import numpy
for line in open('/proc/self/status'):
    if line.startswith('VmHWM'): print(line.split()[1])]]

local groups = {
  { "Start, with all modules, to the end of print(1)",
    { name = "start", what = "beside lua5.4", unit = "ms", aim = "< 15 ms",
      start = { linnet = { LINNET, "-e", PRINT }, peer = { "lua5.4", "-e", PRINT } } },
    { name = "start_py", what = "beside python3 with numpy", unit = "ms", aim = "6",
      start = { linnet = { LINNET, "-e", PRINT }, peer = { PYTHON, "-c", "import numpy; print(1)" } } },
    { name = "size", what = "resident, beside lua5.4", unit = "MB", aim = "< 12 MB",
      size = { linnet = { LINNET, "-e", LUA_SIZE }, peer = { "lua5.4", "-e", LUA_SIZE } } },
    { name = "size_py", what = "resident, beside python3 with numpy", unit = "MB", aim = "3",
      size = { linnet = { LINNET, "-e", LUA_SIZE }, peer = { PYTHON, "-c", PYTHON_SIZE } } },
  },
  { "Calls from a script: whole, with next to no work in them",
    { name = "get", what = "A:get(i, j)", unit = "ns", aim = "< 100 ns" },
    { name = "scal", what = "Y:scal(a), Y 1x1", unit = "ns", aim = "< 100 ns" },
    { name = "index", what = "v[i]", unit = "ns" },
    { name = "index2", what = "A[i][j]", unit = "ns" },
  },
  { "Linear algebra",
    { name = "gemm8", what = "A * B, 8x8", unit = "us", aim = "< 0.35 us" },
    { name = "solve8", what = "A:solve(B), 8x8", unit = "us", aim = "< 1.5 us" },
    { name = "eigh8", what = "A:eigh(), 8x8", unit = "us", aim = "< 6 us" },
    { name = "svd8", what = "A:svd(), 8x8", unit = "us", aim = "< 10.5 us" },
    { name = "gemm512", what = "A * B, 512x512", unit = "ms", aim = "1" },
    { name = "solve512", what = "A:solve(B), 512x512", unit = "ms", aim = "1.2" },
    { name = "eigh512", what = "A:eigh(), 512x512", unit = "ms", aim = "1.1" },
    { name = "svd512", what = "A:svd(), 512x512", unit = "ms", aim = "1.2" },
  },
  { "Entry by entry",
    { name = "sum16", what = "A + 2*B:times(C), 16x16", unit = "us", aim = "3" },
    { name = "inplace16", what = "Y:assign(A):axpy(2, B), 16x16", unit = "us", aim = "8" },
    { name = "sum1000", what = "A + 2*B:times(C), 1000x1000", unit = "ms", aim = "0.5" },
    { name = "inplace1000", what = "Y:assign(A):axpy(2, B), 1000x1000", unit = "ms", aim = "1" },
    { name = "tanh1000", what = "A:tanh(), 1000x1000", unit = "ms" },
    { name = "temporaries", what = "A + B, 100x100, 20 000 times", unit = "ms" },
    { name = "growth", what = "resident growth over them", unit = "MB", aim = "< 20 MB", alone = true },
  },
  { "Training",
    { name = "script", what = "a step of W1a, with operators", unit = "us", aim = "3" },
    { name = "W1a", what = "16-16-16, white, 1e5 steps", unit = "s", aim = "13" },
    { name = "W1b", what = "8-8-36, one-hot items, 1e5 steps", unit = "s", aim = "18" },
    { name = "W2", what = "5 layers of 32, coloured, 1e4 steps", unit = "s", aim = "2.4" },
    { name = "W3a", what = "784-512-10, P = 60000: moments, 1000 steps", unit = "s", aim = "1.4" },
    { name = "W3a_steps", what = "the same, the moments are there", unit = "s", aim = "2.1" },
    { name = "W3b", what = "784-512-10, P = 200: moments, 1000 steps", unit = "s", aim = "15" },
    { name = "W3c", what = "32-4096-8, P = 2000: moments, 1e4 steps", unit = "s", aim = "120" },
    { name = "W4", what = "100 networks 20-20-20, 1e4 steps", unit = "s", aim = "2" },
    { name = "W4_2T", what = "the same on two threads (NumPy's has one)", unit = "s", aim = "4", threads = 2 },
    { name = "W5a", what = "10-100-1 tanh, biases, P = 200, 1e4 steps", unit = "s", aim = "3.2" },
    { name = "W5r", what = "the same with relu", unit = "s", aim = "5" },
    { name = "W5b", what = "784-256-10 tanh, an epoch in batches of 128", unit = "s", aim = "1.1" },
    { name = "W6", what = "E_g(t) of shallow students, 200 times x 100", unit = "ms", aim = "4.5" },
    { name = "W7", what = "exact, 64-64-64 balanced, 200 maps; DOP853", unit = "ms", aim = "5" },
    { name = "W7_chol", what = "the same; eigh and Cholesky, which lose digits", unit = "ms", aim = "2.2" },
    { name = "W7_modes", what = "its modes alone; DOP853", unit = "ms", aim = "6" },
    { name = "flow", what = "gradient flow of W1a's task, errors 5e-10", unit = "ms", aim = "10" },
  },
}

local LINE = "%-12s %-44s %11s %11s %8s  %-10s %s"
local SCALE = { s = 1, ms = 1e3, us = 1e6, ns = 1e9, MB = 1 }

--- What a program writes, or nil and why not.
local function output_of(...)
  local command = { table.unpack(ENV) }
  table.move({ ... }, 1, select("#", ...), #command + 1, command)
  local outcome = assert(process.run(command))
  if outcome.status == 0 then return outcome.output end
  return nil, outcome.errors
end

--- Seconds from the start of a program to its end, the least of ten.
local function start_time(command)
  local script = [[
    least=
    for i in 1 2 3 4 5 6 7 8 9 10; do
      begin=${EPOCHREALTIME/[.,]/}
      "$@" > /dev/null || exit 1
      time=$((${EPOCHREALTIME/[.,]/} - begin))
      [ "$least" ] && [ $time -ge $least ] || least=$time
    done
    echo $least]]
  local microseconds, why = output_of("bash", "-c", script, "bash", table.unpack(command))
  return microseconds and tonumber(microseconds) * 1e-6, why
end

local function resident_size(command)
  local kilobytes, why = output_of(table.unpack(command))
  return kilobytes and tonumber(kilobytes:match "%d+") / 1024, why
end

--- The figure of one side ("linnet" or "peer") of a row, in seconds or MB; nil and why where it can't be had.
local function measure(row, side, folder)
  if row.start then return start_time(row.start[side]) end
  if row.size then return resident_size(row.size[side]) end
  local figure, why
  if side == "linnet" then
    figure, why = output_of(LINNET, "--threads", tostring(row.threads or 1), HERE .. "/job.lua", row.name, folder)
  else
    figure, why = output_of(PYTHON, HERE .. "/jobs.py", row.name, folder)
  end
  return figure and tonumber(figure), why
end

local function apart(row, folder)
  if row.start or row.size then return 0 end
  local A, B = matrix.load(folder .. "/linnet.npy"), matrix.load(folder .. "/peer.npy")
  if A.rows ~= B.rows or A.cols ~= B.cols then return math.huge end
  return (A - B):abs():max() / math.max(B:abs():max(), 1e-300)
end

local function shown(figure, unit)
  return figure and ("%.4g %s"):format(figure * SCALE[unit], unit) or "-"
end

--- Measures a row and prints it; false if the two sides' results differ.
local function run(row, folder)
  local least, reason = {}, nil
  if not (row.start or row.size) then
    local made, why = output_of(LINNET, HERE .. "/job.lua", row.name, folder, "input")
    if not made then error(why, 0) end
    if made:match "^without" then
      print(("%-12s %-44s %s"):format(row.name, row.what, made:match "[^\n]*"))
      return true
    end
  end
  for _ = 1, RUNS do
    for _, side in ipairs { "linnet", "peer" } do
      local figure, why
      if side == "linnet" or not row.alone then figure, why = measure(row, side, folder) end
      if side == "linnet" and not figure then error(why, 0) end
      if figure then least[side] = math.min(figure, least[side] or math.huge) else reason = why end
    end
  end
  local difference = least.peer and apart(row, folder)
  local same = not difference or difference <= LIMIT
  local ratio = not least.peer and "-" or same and ("%.3g"):format(least.peer / least.linnet) or "DIFFERS"
  print(LINE:format(row.name, row.what, shown(least.linnet, row.unit), shown(least.peer, row.unit), ratio,
    row.aim or "",
    difference and difference > 0 and ("%.1g"):format(difference) or ""))
  if reason then print("    without a peer: " .. (reason:match "([^\n]*)\n?$")) end
  return same
end

local wanted = #arg > 0 and {}
for _, name in ipairs(arg) do wanted[name] = true end

local folder = assert(output_of("mktemp", "-d")):match "[^\n]*"
local all_same = true
local ok, message = pcall(function()
  print(LINE:format("", "", "linnet", "peer", "ratio", "aim", "apart"))
  for _, group in ipairs(groups) do
    local title = group[1]
    for i = 2, #group do
      if not wanted or wanted[group[i].name] then
        if title then print(title) end
        title = nil
        all_same = run(group[i], folder) and all_same
      end
    end
  end
end)
output_of("rm", "-rf", folder)
if not ok then error(message, 0) end
os.exit(all_same)
