-- Reference values of generalization and random matrices: fn -> the public function, in -> out.

local functions = {}

--- The options of a student and its noisy teacher.
local function student(given, more)
  local options = { alpha = given.alpha, power = given.sw2, noise = given.se2, init_power = given.si2 }
  for name, value in pairs(more or {}) do options[name] = value end
  return options
end

function functions.shallow(given)
  local e = theory.generalization.shallow(student(given, { t = { given.t, math.huge }, ridge = given.kappa }))
  return {
    Eg = e.test_error[1], Et = e.train_error[1], w2 = e.weight_power[1],
    Eg_inf = e.test_error[2], Et_inf = e.train_error[2], w2_inf = e.weight_power[2],
    t_opt = e.t_opt, Eg_opt = e.best, kappa_opt = e.best_ridge, Eg_ridge_opt = e.best_ridge_error,
    Eg_ridge = e.ridge_error, Et_ridge = e.ridge_train_error,
  }
end

function functions.shallow_finite(given)
  local e = theory.generalization.shallow(student(given, {
    eigenvalues = given.lam, examples = given.P, t = given.t }))
  return { Eg = e.test_error, Et = e.train_error }
end

function functions.covariance(given)
  local e = theory.generalization.coloured {
    variances = given.sigma, fractions = given.fraction, power = given.teacher, init_power = given.initial,
    alpha = given.alpha, noise = given.se2, t = given.t, ridge = given.kappa }
  return { k = e.effective_ridge, Eg_ridge = e.ridge_error, Et_ridge = e.ridge_train_error,
    Eg_flow = e.test_error, Et_flow = e.train_error }
end

function functions.times(given)
  return {
    time_to_accuracy = theory.generalization.time_to_accuracy(student(given, { margin = given.eps })),
    time_to_train = theory.generalization.time_to_train(student(given, { left = given.delta })),
  }
end

function functions.deep(given)
  local e = theory.generalization.deep {
    alpha = given.alpha, power = given.sw2, noise = given.se2, t = given.t, left = given.delta,
    strength = given.a, depth = given.D, c0 = given.c0, v0 = given.v0, h0 = given.h0 }
  return {
    Eg = e.test_error, Et = e.train_error, R = e.size, R_inf = e.final_size, c = e.c, c_inf = e.final_c,
    Eg_inf = e.final, train_time = e.time_to_train }
end

function functions.rank_one_modes(given)
  local r = theory.generalization.one_output {
    Sxx = matrix.diag(given.lam), Syx = matrix { given.s }, c = given.c0, z = given.z0, t = given.t }
  return { c = r.c, z = r.z:reshape(#given.s, 1) }
end

local function low_rank(given, form)
  return theory.generalization.low_rank {
    s = given.sbar, outputs = given.Nout, inputs = given.Nin, examples = given.P, noise = given.se2,
    start = given.s0, t = given.t, form = form }
end

function functions.low_rank(given)
  local published, exact = low_rank(given, "published"), low_rank(given, "exact")
  return {
    test_paper = published.excess_error, train_paper = published.target_error,
    test = exact.excess_error, train = exact.target_error }
end

function functions.transfer(given)
  local joint = theory.generalization.transfer {
    s = { given.sa, given.sb }, outputs = { given.NA, given.NB }, overlap = given.q, inputs = given.Nin,
    examples = given.P, noise = given.se2, start = given.s0, t = given.t }
  return { test_A = joint.excess_error }
end

functions.gaussian_coefficients = theory.generalization.gaussian_coefficients

function functions.random_features(given)
  local e = theory.generalization.random_features {
    width = given.psi1, alpha = given.psi2, mu1 = given.mu1sq ^ 0.5, mustar2 = given.mustar2,
    power = given.F1, noise = given.Fs, ridge = given.ridge, t = given.t }
  return { Eg = e.test_error, Et = e.train_error, k = e.k }
end

functions.random_features_flow = functions.random_features

local spectrum = theory.spectrum

--- e^(-2 x t) - 1 and ((1 - e^(-x t))/x)^2 at the nodes x.
local function decays(x, t) return (-2 * t * x):expm1(), ((-t * x):expm1():over(x)):pow(2) end

function functions.mp_law(given)
  local law, t = spectrum.marchenko_pastur { gamma = given.gamma }, given.t
  local atom = law.atoms[1] and law.atoms[1].mass or 0
  local x, w = law:rule { t = t }
  local decay, learned = decays(x, t)
  local positive, weight = law:rule { t = t, positive = true }
  local continuous = weight:dot((-2 * t * positive):exp():over(positive))
  if math.abs(given.gamma - 1) < 0.1 then continuous = 1 + w:dot(decay:over(x)) - atom end
  return {
    lower = law.lower, upper = law.upper, atom = atom, density = law:density(given.x), cdf = law:cdf(given.x),
    quantile = law:quantile(given.p), m = law:resolvent(given.kappa), m2 = law:resolvent_square(given.kappa),
    stieltjes = { law:stieltjes(given.z[1], given.z[2]) }, moments = law:moment { 1, 2, 3, 4, 5 },
    R = law:R(given.u), S = law:S(given.u), exp2 = 1 + w:dot(decay:over(x)), exp2_continuous = continuous,
    noise = w:dot(learned),
  }
end

function functions.bbp(given)
  local spike = spectrum.spike { s = given.sbar, aspect = given.A, noise = given.noise }
  return { s_hat = spike.s_hat, O_out = spike.output_overlap, O_in = spike.input_overlap, shrink = spike.shrunk }
end

function functions.fuss_catalan(given)
  local L, sin, phi = given.L, math.sin, given.phi
  local law = spectrum.product { depth = L }
  local x = sin((L + 1) * phi) ^ (L + 1) / (sin(phi) * sin(L * phi) ^ L)
  return { x = law:quantile(law:cdf(x)), density = law:density(x), cdf = law:cdf(x), maximum = law.upper,
           moments = law:moment { 1, 2, 3, 4, 5 } }
end

local ACTIVATIONS = { tanh = "tanh", hardtanh = "hard_tanh", relu = "relu", erf = "erf" }

function functions.mean_field(given)
  local options = { activation = ACTIVATIONS[given.activation], q = given.q, depth = given.L }
  if given.activation == "erf" then options.scale = math.sqrt(math.pi) / 2 end
  local gaussian = theory.depth.mean_field(options)
  options.weights = "orthogonal"
  local orthogonal = theory.depth.mean_field(options)
  return {
    sw2 = gaussian.weight_variance, sb2 = gaussian.bias_variance, phi2 = gaussian.phi2, dphi2 = gaussian.slope2,
    dphi4 = gaussian.slope4, m1 = gaussian.jacobian_mean, m2_gauss = gaussian.jacobian_square,
    m2_orth = orthogonal.jacobian_square,
  }
end

--- The largest value, atoms included.
local function maximum(law)
  local largest = law.upper
  for _, atom in ipairs(law.atoms) do largest = math.max(largest or atom.place, atom.place) end
  return largest
end

function functions.jacobian(given)
  local weights = given.weights == "orth" and "orthogonal" or "gaussian"
  local law = spectrum.jacobian { weights = weights, depth = given.L, p = given.p }
  return { density = law:density(given.x), maximum = maximum(law) }
end

function functions.isometry_limit(given)
  local law = spectrum.isometry_limit { class = given.class, variance = given.variance }
  return { density = law:density(given.x), maximum = maximum(law) }
end

return functions
