-- Where the eigenvalues of random data lie: three laws over one sample each.
-- White data of N inputs and P examples fill an interval that reaches 0 as P comes down to N (Marchenko & Pastur 1967):
-- those small eigenvalues are what makes networks overtrain. A mode stronger than (N/P)^(1/4) leaves the interval, with
-- vectors that point along its own; a weaker one is lost in it (Baik, Ben Arous & Peche 2005). And L random layers one
-- after the other spread the singular values the wider the deeper they are (Penson & Zyczkowski 2011).

local r = random.stream(1)

local function picture(title, law, eigenvalues, limits)
  local fit = theory.spectrum.compare { law = law, eigenvalues = eigenvalues, bins = 60 }
  print(("%-32s %-34s distance %.4f at %.3g"):format(title, tostring(law), fit.distance, fit.where))
  return plot.new { title = title, xlabel = "eigenvalue", ylabel = "density", ylim = limits }
    :bars(fit.centers, fit.histogram, { label = "sample" }):lines(fit.x, fit.density, { label = "theory" })
end

local N, P = 400, 800
local X = r:normal(N, P)
local white = picture("White data, P = 2N", theory.spectrum.marchenko_pastur { alpha = P / N },
                      (X * X.T / P):eigh(), { 0, 1 })

-- Half of the inputs at nine times the variance of the others.
local scales = matrix.vcat(matrix.ones(N // 2, 1), 3 * matrix.ones(N // 2, 1))
local Z = matrix.diag(scales) * r:normal(N, 10 * N)
local coloured = picture("Two variances, P = 10N", theory.spectrum.coloured { variances = { 1, 9 }, alpha = 10 },
                         (Z * Z.T / (10 * N)):eigh(), { 0, 0.4 })

local W = matrix.eye(N)
for _ = 1, 3 do W = r:normal(N, N) * W / math.sqrt(N) end
local _, s = W:svd()
local deep = picture("Three Gaussian layers", theory.spectrum.product { depth = 3 }, s:pow(2), { 0, 1 })

print "\nmode   seen as   theory   overlap of inputs   theory"
local modes = theory.spectrum.spike { s = matrix.linspace(0, 3, 61), aspect = N / P }
local spikes = plot.new { title = "One mode in noise", xlabel = "its strength", ylabel = "overlap, singular value / 3",
                          legend = "bottom right" }
local strengths, seen, overlap = { 0.3, 0.6, 0.9, 1.2, 1.5, 2, 2.5, 3 }, {}, {}
for i, strength in ipairs(strengths) do
  local u, v = r:orthogonal(N, 1), r:orthogonal(P, 1)
  local _, t, V = (strength * u * v.T + r:normal(N, P) / math.sqrt(P)):svd()
  seen[i], overlap[i] = t[1] / 3, math.abs(V:col(1):dot(v))
  local theory_says = theory.spectrum.spike { s = strength, aspect = N / P }
  print(("%4.1f   %7.3f   %6.3f   %17.3f   %6.3f"):format(strength, t[1], theory_says.s_hat, overlap[i],
    theory_says.input_overlap))
end
spikes:lines(modes.s, modes.input_overlap, { label = "overlap", color = 1 }):points(strengths, overlap, { color = 1 })
  :lines(modes.s, modes.s_hat / 3, { label = "singular value", color = 2 }):points(strengths, seen, { color = 2 })
  :vline(modes.threshold)

plot.grid { { white, coloured }, { deep, spikes } }:save "spectrum.svg"
print "\nthe picture is in spectrum.svg"
