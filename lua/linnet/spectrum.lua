--- theory.spectrum: limiting laws of random matrices, and samples laid over them.

local core = require "linnet.theory_core"
local matrix = require "linnet.matrix"
local options = require "linnet.options"

local M = {}
for name, f in pairs(core.spectrum) do M[name] = f end

local SAME_PLACE = 1e-13 -- of the largest: how far rounding takes an eigenvalue from an atom

--- The numbers that lie at an atom, and a list of the others.
local function part(values, atoms)
  local reach, counts, others = SAME_PLACE * values:abs():max(), {}, {}
  for k = 1, #atoms do counts[k] = 0 end
  for i = 1, values.rows do
    local found
    for k, atom in ipairs(atoms) do found = found or math.abs(values[i] - atom.place) <= reach and k end
    if found then counts[found] = counts[found] + 1 else others[#others + 1] = values[i] end
  end
  return counts, others
end

--- A sample against a law: theory.spectrum.compare { eigenvalues=, law=, bins=40 }.
---@return table  x, density (the law's curve) and centers, histogram (the sample's, on the same scale: what lies at
---               atoms is left out of both), to be plotted as they are; distance (Kolmogorov's: the largest difference
---               of the distribution functions) and where it is; atoms, a list of { place, mass, observed }; count
function M.compare(given)
  local call = "theory.spectrum.compare"
  local o = options.read(given, call, { eigenvalues = "any!", law = "any!", bins = "count" })
  if getmetatable(o.law) ~= "linnet.Spectrum" then
    options.fail(call, "law must be one that theory.spectrum gives, got " .. options.describe(o.law))
  end
  local distance, where = o.law:distance(o.eigenvalues)
  local values = matrix(o.eigenvalues)
  values = values:reshape(values.rows * values.cols, 1)
  local counts, others = part(values, o.law.atoms)
  local x, density = o.law:curve()
  local answer = { x = x, density = density, distance = distance, where = where, atoms = o.law.atoms,
                   count = values.rows, centers = {}, histogram = {} }
  for k, atom in ipairs(answer.atoms) do atom.observed = counts[k] / values.rows end
  if #others > 0 then
    local histogram = matrix(others):histogram { bins = o.bins or 40 }
    answer.centers, answer.histogram = histogram.centers, histogram.density * (#others / values.rows)
  end
  return answer
end

return M
