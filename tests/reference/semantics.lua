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

function functions.svd_modes(given)
  local m = theory.semantic.modes { Y = given.Y }
  local single, u, v = {}, {}, {}
  for _, group in ipairs(m.groups) do
    if #group == 1 then single[#single + 1] = group[1] end
  end
  for i, k in ipairs(single) do
    u[i], v[i] = m.u:col(k):totable(), m.v:col(k):totable()
  end
  return { sigma = m.sigma, single = single, u = u, v = v }
end

function functions.mode_time(given)
  local time = theory.semantic.times {
    sigma = given.sigma, lambda = given.lam, a0 = given.a0, fraction = given.fraction }
  return { time = time.time, half = time.half, width = time.width, peak_slope = time.slope,
           shallow_time = time.shallow }
end

function functions.effective_start(given)
  return { a0 = theory.semantic.effective_start { Y = given.Y, weights = { matrix(given.W1), matrix(given.W2) } } }
end

function functions.item_prediction(given)
  local p = theory.semantic.development { Y = given.Y, a0 = given.a0, t = given.t }
  return { strength = p.strength, W = p.W, shallow = p.shallow, K_hidden = p.hidden, K_output = p.output }
end

function functions.mds(given)
  local mds = theory.semantic.mds { K = given.K, dims = given.dims }
  return { eigenvalues = mds.eigenvalues, coordinates = mds.coordinates.T }
end

function functions.tree(given)
  local tree = theory.semantic.tree { branching = given.branching, flip = given.flip, features = given.features }
  return { q = tree.correlation, eigenvalue = tree.eigenvalue, multiplicity = tree.multiplicity, sigma = tree.sigma }
end

function functions.tree_nodes(given)
  return theory.semantic.tree_features { branching = given.branching, features = given.features }
end

function functions.tree_levels(given)
  local tree = theory.semantic.tree_features { branching = given.branching, features = given.features }
  local a = {}
  for l, sigma in ipairs(tree.sigma:totable()) do
    a[l] = sigma > 0 and theory.mode.strength { s = sigma, a0 = given.a0, t = given.theta } or 0
  end
  local levels = theory.semantic.tree_similarity { branching = given.branching, strength = a }
  return { K = levels.similarity, distance2 = levels.distance2, projection = levels.projection }
end

function functions.illusory(given)
  return theory.semantic.illusion { Y = given.Y, a0 = given.a0, item = given.item, property = given.property }
end

function functions.typicality(given)
  return theory.semantic.typicality { Y = given.Y, a0 = given.a0, mode = given.mode, criterion = given.criterion }
end

function functions.coherence(given)
  return theory.semantic.coherence { p = given.p, q = given.q, category_items = given.Ko, category_features = given.Kf,
                                     items = given.No, features = given.Nf }
end

function functions.projection(given)
  return theory.semantic.projection {
    Y = given.Y, a0 = given.a0, t = given.t, item = given.item, property = given.property }
end

function functions.structure(given)
  local s = theory.semantic.structure { kind = given.kind, n = given.n, weight = given.weight, sigma = given.sigma }
  return { covariance_eigenvalues = s.eigenvalue }
end

functions.structure_tree = theory.semantic.structure_tree

function functions.balanced_similarity(given)
  return { K = theory.semantic.balanced_similarity { W = given.W, depth = given.depth, layer = given.layer } }
end

function functions.autoencoder(given)
  local layers = theory.depth.autoencoder { variances = given.variances, a0 = given.a0, t = given.t }
  return { strength = layers.strength[1] }
end

function functions.pretrained_time(given)
  return { time = theory.depth.fine_tuning_time {
    depth = given.depth, s = given.s, lambda = given.lam, c0 = given.c0, d0 = given.d0, fraction = given.fraction } }
end

function functions.gaussian_lyapunov(given)
  return { exponents = theory.depth.gaussian_exponents { width = given.N } }
end

function functions.race(given)
  return theory.pathways.race {
    contexts = given.contexts, per_context = given.per_context, s = given.s, b0 = given.b0, c0 = given.c0 }
end

function functions.race_two_layers(given)
  return theory.pathways.race {
    per_context = given.per_context, s = given.s, b0 = given.b0, c0 = given.c0, layers = 2 }
end

function functions.forgetting(given)
  local end_of_b = theory.semantic.forgetting { s_a = given.sA, s_b = given.sB, angle = given.angle }
  return { rho = end_of_b.length, error_A = end_of_b.error }
end

return functions
