-- Reference values of semantic development and depth: fn -> the public function, in -> out.

local functions = {}

function functions.pair_mode(given)
  local pair = theory.mode.pair { w1 = given.w1, w2 = given.w2, s = given.s, rho = given.lam, t = given.t }
  return { w1 = pair.w1, w2 = pair.w2, a = pair.strength }
end

function functions.depth_time(given)
  local depth = given.depth == "inf" and math.huge or given.depth
  local layers = depth < math.huge and depth or 1
  local curvature = theory.mode.curvature { s = given.s, rho = given.lam, depth = depth }
  local depth_time = theory.mode.depth_time {
    s = given.s, rho = given.lam, a0 = given.a0, depth = depth, fraction = given.fraction }
  if depth_time ~= depth_time then depth_time = 0 end -- reached before the start
  local time = depth_time / layers
  return { integral = time * curvature, time = time, largest_curvature = curvature }
end

return functions
