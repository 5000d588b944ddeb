--- The module `theory`: the families that are written in C, and predictions for networks.

local core = require "linnet.theory_core"
local predict = require "linnet.predict"

local M = {
  mode = core.mode,
  shallow = core.shallow,
  riccati = core.riccati,
  balanced = core.balanced,
  ntk = require "linnet.ntk",
  stability = core.stability,
  spectrum = require "linnet.spectrum",
  generalization = core.generalization,
  semantic = require "linnet.semantic",
  pathways = core.pathways,
  depth = require "linnet.depth",
  predict = predict.predict,
  solutions = predict.solutions,
  compare = require "linnet.compare",
}

return M
