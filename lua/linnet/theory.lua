--- The module `theory`: the families that are written in C, and predictions for networks.

local predict = require "linnet.predict"

local M = {
  predict = predict.predict,
  solutions = predict.solutions,
  compare = require "linnet.compare",
}

return M
