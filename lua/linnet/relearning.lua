--- theory.semantic, what was learned before: reversal and transfer of one mode of two layers from any start.
--
-- With p = (w1 + w2)/sqrt 2 and m = (w1 - w2)/sqrt 2, u = |p|^2 and v = |m|^2, the strength is (u - v)/2 and u v is
-- conserved; u(t) is a Moebius function of e^(-2 r lambda t), r^2 = (s/lambda)^2 + u v. docs/theory/semantic.md.

local core = require "linnet.theory_core"
local options = require "linnet.options"

local M = {}

--- When the strength is the fraction of sigma > 0, from (u, v); 0 if it is so from the start, math.huge if u = 0.
local function time_to(u, v, sigma, lambda, fraction)
  local k2 = u * v
  local r = (sigma ^ 2 + k2) ^ 0.5
  local plus, minus = r + sigma, k2 / (r + sigma)
  local target = fraction * sigma + ((fraction * sigma) ^ 2 + k2) ^ 0.5
  if u >= target then return 0 end
  if u == 0 then return math.huge end
  local start, final = u * (plus - target) + k2 - target * minus, target * (plus - u) + k2 - u * minus
  return math.log(final / start) / (2 * r * lambda)
end

--- How much longer it takes to unlearn: theory.semantic.reversal { s=, lambda=1, w1=, w2= }. A mode of s > 0 is learned
--- from the vectors w1 = W1 v and w2 = W2'u (numbers or vectors) to the end, and then -s in its place: the weights have
--- to come back through the saddle, where they are smaller than they were at first.
---@return table  first and reversed: half times of both; u and v at the start
function M.reversal(given)
  local call = "theory.semantic.reversal"
  local o = options.read(given, call, { s = "positive!", lambda = "positive", w1 = "any!", w2 = "any!" })
  local lambda = o.lambda or 1
  local vectors = {}
  for _, name in ipairs { "w1", "w2" } do
    local value = o[name]
    if type(value) == "number" then value = { value } end
    vectors[name] = options.read({ [name] = value }, call, { [name] = "numbers" })[name]
    if not vectors[name]:isfinite():all() then options.fail(call, name .. " has NaN or an infinity") end
  end
  if #vectors.w1 ~= #vectors.w2 then
    options.fail(call, ("w1 has %d numbers and w2 has %d"):format(#vectors.w1, #vectors.w2))
  end
  local u, v = (vectors.w1 + vectors.w2):norm() ^ 2 / 2, (vectors.w1 - vectors.w2):norm() ^ 2 / 2
  local sigma = o.s / lambda
  local learned = (sigma ^ 2 + u * v) ^ 0.5 + sigma -- u at the end of the first learning; v is u v/learned there
  return { u = u, v = v, first = time_to(u, v, sigma, lambda, 0.5),
           reversed = u > 0 and time_to(u * v / learned, learned, sigma, lambda, 0.5) or math.huge }
end

--- How much is gained by what is known: theory.semantic.transfer { known=1, s=, lambda=1, a0=, fraction=0.5 }. A new
--- item has a profile of properties that the last layer has learned with the strength `known`; only its own weights,
--- which are 0, have to grow. Beside it the same from a small start a0, as if nothing were known.
---@return table  transferred and fresh: the times to the fraction of s/lambda
function M.transfer(given)
  local call = "theory.semantic.transfer"
  local o = options.read(given, call, { known = "positive", s = "positive!", lambda = "positive", a0 = "positive!",
    fraction = "positive" })
  local known, lambda, fraction = o.known or 1, o.lambda or 1, o.fraction or 0.5
  if fraction >= 1 then options.fail(call, ("fraction = %g: must lie between 0 and 1"):format(fraction)) end
  local fresh = core.mode.time { s = o.s, a0 = o.a0, rho = lambda, fraction = fraction }
  return { transferred = time_to(known / 2, known / 2, o.s / lambda, lambda, fraction),
           fresh = fresh ~= fresh and 0 or fresh } -- NaN: passed before the start
end

return M
