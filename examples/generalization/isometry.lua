-- Dynamical isometry: can a deep network pass gradients on without distorting them?
-- At the critical line chi = 1 gradients keep their mean size at any depth, but may still be stretched in some
-- directions and squeezed in others: the squared singular values of the Jacobian spread with the variance
-- depth (mu2/mu1^2 - 1 - s1), mu_k = E phi'^(2k), s1 = -1 for Gaussian and 0 for orthogonal weights. Only orthogonal
-- weights with an activation that is nearly linear where it is used (tanh at small q) keep them near 1; ReLU never does
-- (Pennington, Schoenholz & Ganguli 2017).

local N, DEPTH, Q = 300, 16, 1 / 32

--- Squared singular values of the Jacobian of one random network, at one random input.
local function sample(r, phi, weights, field)
  local h, J = r:normal(N, 1) * math.sqrt(field.q), matrix.eye(N)
  for _ = 1, DEPTH do
    local W = weights == "orthogonal" and r:orthogonal(N, N) or r:normal(N, N) / math.sqrt(N)
    W = W * math.sqrt(field.weight_variance)
    J = W * (matrix.diag(phi.df(h)) * J)
    h = W * phi.f(h) + r:normal(N, 1) * math.sqrt(field.bias_variance)
  end
  local _, s = J:svd()
  return s:pow(2)
end

local activations = {
  tanh = { f = function(h) return h:tanh() end, df = function(h) return 1 - h:tanh():pow(2) end },
  relu = { f = function(h) return h:relu() end, df = function(h) return h:gt(0) end },
}

print "activation  weights      chi   variance of the squared singular values   sampled   distance of the laws"
local rows = {}
for _, weights in ipairs { "gaussian", "orthogonal" } do
  local row = {}
  for i, activation in ipairs { "relu", "tanh" } do
    local field = theory.depth.mean_field { activation = activation, q = Q, depth = DEPTH, weights = weights }
    local law = theory.spectrum.jacobian { activation = activation, q = Q, depth = DEPTH, weights = weights }
    local r, samples = random.stream(i), {}
    for k = 1, 3 do samples[k] = sample(r, activations[activation], weights, field) end
    local values = matrix.vcat(table.unpack(samples))
    local fit = theory.spectrum.compare { law = law, eigenvalues = values }
    print(("%-11s %-10s %5.2f   %39.3f   %7.3f   %20.3f"):format(activation, weights, field.chi,
      field.jacobian_variance, values:pow(2):mean() - values:mean() ^ 2, fit.distance))
    local x = matrix.logspace(-3, 2, 300)
    local sorted, share = values:sort(), {}
    for j = 1, sorted.rows do share[j] = 1 - (j - 0.5) / sorted.rows end
    row[i] = plot.new { title = activation .. ", " .. weights, xlabel = "squared singular value", x = "log",
                        ylabel = "share above it", xlim = { 1e-3, 1e2 }, ylim = { 0, 1 } }
      :lines(x, 1 - law:cdf(x), { label = "theory" })
      :points(sorted:clamp(1e-9, 1e9), share, { label = "sampled", every = 30 })
  end
  rows[#rows + 1] = row
end

plot.grid(rows):save "isometry.svg"
print "\nthe picture is in isometry.svg"
