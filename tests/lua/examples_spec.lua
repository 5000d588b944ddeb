-- Every example runs from any folder and saves the pictures that it names.

local process = require "linnet.process"

local examples = {
  ["examples/quickstart.lua"] = { "modes.svg" },
  ["examples/exact/modes.lua"] = { "exact_modes.svg" },
  ["examples/exact/depth.lua"] = { "exact_depth.svg" },
  ["examples/exact/unequal.lua"] = { "exact_unequal.svg" },
  ["examples/exact/plateau.lua"] = { "exact_plateau.svg" },
  ["examples/lazy_rich/lambda.lua"] = { "lambda.svg" },
  ["examples/stability/edge.lua"] = { "edge.svg" },
  ["examples/stability/rate.lua"] = { "rate.svg" },
  ["examples/prior_knowledge/path.lua"] = { "path.svg" },
  ["examples/prior_knowledge/kernel.lua"] = { "kernel.svg" },
  ["examples/generalization/overtraining.lua"] = { "overtraining.svg" },
  ["examples/generalization/size.lua"] = { "size.svg" },
  ["examples/generalization/stopping_and_ridge.lua"] = { "stopping_and_ridge.svg" },
  ["examples/generalization/initialization.lua"] = { "initialization.svg" },
  ["examples/generalization/speed_accuracy.lua"] = { "speed_accuracy.svg" },
  ["examples/generalization/spectrum.lua"] = { "spectrum.svg" },
  ["examples/generalization/isometry.lua"] = { "isometry.svg" },
  ["examples/generalization/transfer.lua"] = { "transfer.svg" },
  ["examples/depth/pretraining.lua"] = { "pretraining.svg" },
  ["examples/depth/orthogonal.lua"] = { "orthogonal.svg" },
  ["examples/depth/edge.lua"] = { "tanh_gain.svg" },
  ["examples/semantic/ring.lua"] = { "ring.svg" },
  ["examples/rank/completion.lua"] = { "completion.svg" },
  ["examples/real/digits.lua"] = { "digits.svg" },
  ["examples/real/fashion.lua"] = { "fashion_modes.svg", "fashion_loss.svg", "fashion_images.png" },
  ["examples/semantic/stages.lua"] = { "stages.svg" },
  ["examples/semantic/differentiation.lua"] = { "differentiation.svg" },
  ["examples/semantic/mds.lua"] = { "mds.svg" },
  ["examples/semantic/illusion.lua"] = { "illusion.svg" },
  ["examples/semantic/typicality.lua"] = { "typicality.svg" },
  ["examples/semantic/coherence.lua"] = { "coherence.svg" },
  ["examples/semantic/induction.lua"] = { "induction.svg" },
  ["examples/semantic/race.lua"] = { "race.svg" },
  ["examples/semantic/forgetting.lua"] = { "forgetting.svg" },
  ["examples/semantic/invariance.lua"] = { "invariance.svg" },
}

--- What a command of the shell prints, without the line's end.
local function ask(...)
  return (process.run { "sh", "-c", ... }.output:gsub("\n$", ""))
end

describe("examples", function()
  local here, folder = ask "pwd", nil
  before_each(function() folder = ask "mktemp -d" end)
  after_each(function() process.run { "rm", "-r", folder } end)

  it("are all listed here", function()
    local found = ask "ls examples/*.lua examples/*/*.lua | grep -v ^examples/modules/" -- those do nothing by themselves
    for path in found:gmatch "%S+" do assert.is_truthy(examples[path], path) end
  end)

  for path, pictures in pairs(examples) do
    it(path, function()
      local linnet = os.getenv "LINNET"
      if linnet:sub(1, 1) ~= "/" then linnet = here .. "/" .. linnet end
      local run = process.run { "sh", "-c", 'cd "$1" && "$2" "$3"', "sh", folder, linnet, here .. "/" .. path }
      assert.equal("", run.errors)
      assert.equal(0, run.status)
      for _, name in ipairs(pictures) do
        local file = io.open(folder .. "/" .. name)
        assert.is_truthy(file, name)
        assert.is_true(file:seek "end" > 1000)
        file:close()
        assert.is_truthy(run.output:find(name, 1, true))
      end
    end)
  end
end)
