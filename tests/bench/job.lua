-- One job of a benchmark, on linnet's side, in a process of its own:
--     linnet job.lua NAME FOLDER input     makes what both sides work on, FOLDER/input.npz
--     linnet job.lua NAME FOLDER           does it: prints seconds (or megabytes), saves FOLDER/linnet.npy
-- A job is { input = function() -> table of matrices or nil, why, run = function(input) -> figure, result }.

local name, folder, what = table.unpack(arg)
local job = require("jobs_matrix")[name] or require("jobs_training")[name] or require("jobs_theory")[name]
assert(job, "there is no such job")

if what == "input" then
  local input, why = job.input()
  if input then matrix.save(folder .. "/input.npz", input) else print("without " .. why) end
else
  local figure, result = job.run(matrix.load(folder .. "/input.npz"))
  print(("%.9g"):format(figure))
  matrix.save(folder .. "/linnet.npy", result)
end
