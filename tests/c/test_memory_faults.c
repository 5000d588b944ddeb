/* Memory that runs out anywhere, through Lua: a script of each module runs again and again while one allocation
 * after the other is refused. Each run succeeds or says that memory was short, leaves no file open and no work
 * space taken, and the state goes on as if nothing had been. */
#include <lauxlib.h>
#include <stdlib.h>

/* Before cmocka, whose macro `fail` has the name of a function there. */
#include "host/state.h"

#include <fcntl.h>

#include "scratch.h"

/* ---- an allocator that refuses ---- */

/* Counts what is asked for from 1, and refuses number `first` and the ones after it, `count` in all; freeing
 * and shrinking always succeed, as Lua expects. Every block carries its size, against lies. */
typedef struct supply {
  size_t held, asked, first, count;
  bool lied;
} supply;

static void *allocate_from_supply(void *ud, void *block, size_t old_size, size_t new_size) {
  supply *s = ud;
  size_t *header = block ? (size_t *)block - 2 : NULL; /* two words keep the alignment */
  size_t had = header ? *header : 0;
  if (header && had != old_size) s->lied = true;
  if (new_size > had) {
    s->asked++;
    if (s->first && s->asked >= s->first && s->asked - s->first < s->count) return NULL;
  }
  s->held += new_size - had;
  if (!new_size) return free(header), NULL;
  header = realloc(header, new_size + 2 * sizeof *header);
  assert_non_null(header);
  *header = new_size;
  return header + 2;
}

static int open_with(supply *s, linnet_state **S) {
  linnet_config config;
  linnet_config_init(&config);
  config.alloc = allocate_from_supply;
  config.alloc_ud = s;
  return linnet_open(&config, S);
}

/* How many allocations fail: only one, as a full collection would mend; three, so that the second try fails
 * too and the cleaning up finds memory again; and all that come. */
static const size_t counts[] = {1, 3, SIZE_MAX};
enum { COUNTS = sizeof counts / sizeof *counts };

/* ---- the scripts ---- */

static const struct {
  const char *name, *text;
} scripts[] = {
    {"semantic",
     "local task = data.semantic()\n"
     "tostring(theory.semantic.modes { task = task })\n"
     "theory.semantic.illusion { task = task, a0 = 1e-3, item = 'pine', property = 'has leaves' }\n"
     "theory.semantic.illusions { Y = matrix { {1, 1}, {1, 0}, {0, 1} }, a0 = 1e-2 }\n"
     "theory.semantic.trajectories { task = task, a0 = 1e-3, t = { 1, 5 } }\n"
     "theory.semantic.illusion { task = task, a0 = 1e-3, item = 1, property = 2, t = { 1, 5 } }\n"
     "theory.semantic.reversal { s = 1, w1 = { 0.1, 0 }, w2 = { 0.1, 0.1 } }\n"
     "theory.semantic.crossing { t = { 0, 1 }, values = matrix { {0, 1}, {2, 0} }, level = 1 }\n"
     "theory.semantic.structure { kind = 'grid', n = { 2, 3 }, sigma = 2 }\n"
     "theory.semantic.tree_features { branching = { 2, 2 }, features = 1 }\n"
     "theory.pathways.race { contexts = 3, per_context = 2, b0 = .1, c0 = .1, t = { 0, 5 } }\n"
     "theory.depth.fine_tuning_time { depth = 3 }\n"},
    {"small starts and gates",
     "local task = data.semantic()\n"
     "local net = network.new { task = task, hidden = 9, scale = 1e-3, seed = 1 }\n"
     "theory.predict { net = net, task = task, times = { 1, 5 }, solution = 'small_start' }\n"
     "local gated = network.gated { task = data.task { X = matrix.eye(2), Y = matrix.ones(1, 2) },\n"
     "  gates = matrix.ones(1, 2), layers = { a = { 2, 2 }, b = { 1, 2 } }, paths = { { 'a', 'b' } } }\n"
     "gated:train { rate = 0.1, steps = 3 }\n"},
    {"matrix",
     "local A = matrix { {4, 1, 0}, {1, 3, 1}, {0, 1, 2} }\n"
     "local v = matrix { 1, 2, 3 }\n"
     "local B = A * A + 2 * A - A / 3 + v\n"
     "B = A^3 + A^-1 + A:tmul(B) + A:mult(B):times(A):over(A + 10)\n"
     "B = matrix.hcat(A, B, v):rowrange(1, 2):copy() + matrix.vcat(A, B):block(1, 2, 1, 1)\n"
     "B = matrix.kron(A, v):reshape(9, 3).T:select { cols = { 1, 3, 5 } }\n"
     "B:axpy(2, A):scal(2):assign(A):gemm(1, A, A.T, 0, 'n', 't'):set(1, 1, 7)\n"
     "B = A:exp():log1p():sqrt():clamp(0, 9):map(function(x, i, j) return x + i * j end)\n"
     "local s = A:sum() + A:std(1):sum() + A:var(2):sum() + A:quantile(0.3) + #A:histogram { bins = 3 "
     "}.counts\n"
     "B = A:sort() + A:argsort() + A:cumsum() + A:gt(1):any(1)\n"
     "s = tostring(A) .. tostring(matrix.linspace(0, 1, 50)) .. matrix.format { digits = 3 }.digits\n"
     "A[2][2] = A[1][1] + A:row(1)[2]\n"
     "return A:totable(), matrix.map(math.max, A, B), matrix.outer(v, v):diag(), A:tile(2, 3), v:dot(v)"},
    {"linear algebra", "local A = matrix { {4, 1, 0, 2}, {1, 3, 1, 0}, {0, 1, 2, 1}, {2, 0, 1, 5} }\n"
                       "local W = A:rowrange(1, 3)\n"
                       "local U, s, V = W:svd()\n"
                       "U, s, V = W:svd { full = true }\n"
                       "local w, Q = A:eigh()\n"
                       "local wr, wi, E = (A + matrix.eye(4):cumsum(1)):eig()\n"
                       "local q, R = W:qr()\n"
                       "local B = A:chol():solve(A):lstsq(A) + A:inv() + A:pinv() + A:expm() + A:sqrtm()\n"
                       "return A:det() + A:logdet() + A:rank() + A:cond() + A:norm('nuc') + A:norm(2),\n"
                       "  W:orth(), W:null(), W:lstsq(matrix.ones(3, 1))"},
    {"random",
     "local r = random.stream(3, 4)\n"
     "return r:normal(3, 4, 1, 2), r:uniform(2, 2, 0, 5), r:integers(2, 2, 1, 6), r:rademacher(2, 2),\n"
     "  r:orthogonal(4, 3), r:permutation(9), r:split(2):normal(1, 1), tostring(r)"},
    {"generalization",
     "local g = theory.generalization\n"
     "local e = g.deep { alpha = 2, snr = 4, strength = 0.5, depth = 2, t = { 1, 0.5 }, left = 0.5 }\n"
     "e = g.speed_accuracy { alpha = 2, snr = 4, strength = { 0.5 }, depth = { 1 } }\n"
     "e = g.one_output { Sxx = matrix.eye(2), Syx = { {1, 2} }, c = 1, z = { 0, 1 }, t = { 2, 1 } }\n"
     "e = g.random_labels { s = { 3 }, outputs = 4, inputs = 5, noise = 1, start = 0.1 }\n"
     "e = g.gaussian_coefficients { activation = 'tanh' }\n"
     "return g.random_features { width = 2, alpha = 1, noise = 1, ridge = { 0, 1 } },\n"
     "  g.misspecified { inputs = 4, seen = 2, examples = 3, noise = 1 }"},
    {"npy", "local A = matrix { {1, 2, 3}, {4, 5, 6} }\n"
            "A:save(folder .. '/a.npy')\n"
            "assert(matrix.load(folder .. '/a.npy') == A)\n"
            "assert(os.remove(folder .. '/a.npy'))"},
    {"csv", "local A = matrix { {1, 2, 3}, {4, 5, 6} }\n"
            "A:save(folder .. '/a.csv')\n"
            "assert(matrix.load(folder .. '/a.csv') == A)\n"
            "local task = data.csv(folder .. '/a.csv', { inputs = { 1, 2 }, label = 3 })\n"
            "assert(os.remove(folder .. '/a.csv'))\n"
            "return task.classes, task.labels"},
    {"npz", "local A = matrix { {1, 2, 3}, {4, 5, 6} }\n"
            "matrix.save(folder .. '/a.npz', { X = A, Y = A })\n"
            "assert(matrix.load(folder .. '/a.npz').X == A)\n"
            "local task = data.npz(folder .. '/a.npz')\n"
            "assert(os.remove(folder .. '/a.npz'))\n"
            "return task:svd()"},
    {"bundled data", "local task = data.semantic()\n"
                     "local iris = data.iris()\n"
                     "return tostring(task), task:svd(), task:item 'pine', iris.classes, iris:split { test = "
                     "0.2, seed = 1 }.test"},
    {"structured tasks",
     "local tree = data.tree { branching = { 2, 2 }, flip = 0.1, features = 3, seed = 1 }\n"
     "local owned = data.tree { branching = { 2, 2 }, features = { 0, 2, 1 } }\n"
     "local ring = data.ring { items = { 'a', 'b', 'c' }, features = 2 }\n"
     "local crossed = data.crosscut { rows = 2, columns = 2, features = { 1, 2 } }\n"
     "return tostring(data.grid { rows = 2, columns = 2, features = 2 }), tree.population, owned:item "
     "'1.2',\n"
     "  data.crosscut { rows = 2, columns = 3, features = 4 }, data.clusters { clusters = 2, size = 2, "
     "features = 1 }"},
    {"pretraining",
     "local task = data.task { X = { {1, 0, 2}, {0, 1, 1} }, Y = { {1, 2, 3} } }\n"
     "local net = network.new { task = task, hidden = 2, depth = 3, activation = 'tanh', seed = 1 }\n"
     "local runs = net:pretrain { task = task, steps = 3, seed = 1 }\n"
     "local layers = theory.depth.autoencoder { task = task, a0 = 0.1, t = { 1, 2 }, layers = 2 }\n"
     "local steps = theory.depth.learning_time { s = { 2, 1 }, a0 = 0.1, depths = { 2, math.huge } }.steps\n"
     "return theory.depth.pretraining { task = task, depth = 3, t = 2, start = 0.1, times = { 1 } }.gain"},
    {"idx", "local file = assert(io.open(folder .. '/a.idx', 'wb'))\n"
            "assert(file:write(string.pack('>BBBBI4I4I4', 0, 0, 8, 3, 3, 2, 2), ('abcd'):rep(3)))\n"
            "assert(file:close())\n"
            "local task = data.idx(folder .. '/a.idx')\n"
            "assert(os.remove(folder .. '/a.idx'))\n"
            "return task, data.digits():subset { 1, 2 }"},
    {"protected calls",
     "local function work() return (matrix.ones(30, 30) * matrix.ones(30, 1)):sum() end\n"
     "local short\n"
     "for _ = 1, 5 do\n"
     "  local ok, err = pcall(work)\n"
     "  short = short or not ok and err\n"
     "  ok, err = coroutine.resume(coroutine.create(function() return work() + work() end))\n"
     "  short = short or not ok and err\n"
     "end\n"
     "if short then error(short, 0) end"},
    {"tasks",
     "local task = data.teacher { inputs = 4, outputs = 2, examples = 12, snr = 2, test = 6, seed = 1 }\n"
     "local s, U, V = data.spectrum { s = { 3, 1 }, inputs = 3, outputs = 2, seed = 1 }:svd()\n"
     "local white = task:split { test = 0.25, seed = 2 }:center():standardize():whiten()\n"
     "local both = task:join(task)\n"
     "local noisy = task:add_noise { sd = 0.1, seed = 3 }\n"
     "local moments = data.task { Sxx = task.Sxx, Syx = task.Syx, tr_yy = task.tr_yy }\n"
     "local named = data.task { X = matrix.eye(2), Y = matrix.ones(2, 2), items = { 'a', 'b' } }\n"
     "return tostring(white), both.X, noisy.Y, moments:svd(), named:item 'b', task.teacher"},
    {"initialisations",
     "local task = data.spectrum { s = { 3, 1 }, inputs = 3, outputs = 2, seed = 1 }\n"
     "for _, init in ipairs { 'gaussian', 'he', 'glorot', 'orthogonal', 'balanced', 'aligned', 'lambda', "
     "'identity', 'zeros' } do\n"
     "  local options = { task = task, hidden = 4, init = init, seed = 1 }\n"
     "  if init == 'balanced' or init == 'aligned' then options.strength = 0.1 end\n"
     "  if init == 'lambda' then options.strength, options.lambda = 0.1, 0.5 end\n"
     "  network.new(options)\n"
     "end\n"
     "local W = matrix.ones(2, 3)\n"
     "return network.from { W, W:copy().T, biases = { matrix.ones(2, 1), matrix.ones(3, 1) } }:product()"},
    {"networks", "local task = data.teacher { inputs = 3, outputs = 2, examples = 5, snr = 2, seed = 1 }\n"
                 "local net = network.new { task = task, hidden = { 4, 3 }, activation = { 'tanh', 'relu' }, "
                 "bias = true, seed = 1 }\n"
                 "net.weights[1] = net.weights[1] * 2\n"
                 "net.biases[1]:fill(0.1)\n"
                 "net:save(folder .. '/net.npz')\n"
                 "local again = network.load(folder .. '/net.npz')\n"
                 "assert(os.remove(folder .. '/net.npz'))\n"
                 "return tostring(net:copy()), again:forward(task.X), net:hidden(task.X, 2), net:loss(task), "
                 "net:error(task),\n"
                 "  net:gradient(task), net:observe(task, { 'loss', 'norms', 'weights' })"},
    {"fused steps",
     "local task = data.task { Sxx = matrix.eye(20), Syx = matrix.ones(2, 20) / 5, tr_yy = 9 }\n"
     "for _, hidden in ipairs { { 3 }, { 3, 4 } } do\n"
     "  local net = network.new { task = task, hidden = hidden, seed = 1 }\n"
     "  net:train { task = task, rate = 0.01, steps = 4, every = 2, momentum = 0.5, record = { 'loss' } }\n"
     "end"},
    {"training",
     "local task = data.teacher { inputs = 3, outputs = 2, examples = 5, snr = 2, seed = 1, test = 3 }\n"
     "local record = { 'loss', 'modes', 'test_loss', 'error', 'singular_values', 'weights', 'norms', "
     "'balance' }\n"
     "local net = network.new { task = task, hidden = 2, seed = 1 }\n"
     "local run = net:train { task = task, rate = 0.01, steps = 20, every = 10, record = record }\n"
     "run:save(folder .. '/run.npz')\n"
     "local again = network.load_run(folder .. '/run.npz')\n"
     "assert(os.remove(folder .. '/run.npz'))\n"
     "local plain = net:copy():train { task = task, rate = 0.01, steps = 20, every = 10, plan = 'plain',\n"
     "  stop = function(state) return state.step > 15 end }\n"
     "return tostring(run), run:at(0.1), again.loss, plain.loss"},
    {"divergence", "local task = data.teacher { inputs = 3, outputs = 2, examples = 5, snr = 2, seed = 1 }\n"
                   "local net = network.new { task = task, hidden = 2, seed = 1 }\n"
                   "local run = net:train { task = task, rate = 1e3, steps = 200, diverge = 'stop' }\n"
                   "return run.diverged, run.loss"},
    {"flow", "local task = data.spectrum { s = { 3, 1 }, inputs = 3, outputs = 2, seed = 1 }\n"
             "local net = network.new { task = task, hidden = 2, seed = 1 }\n"
             "local run = net:flow { task = task, times = { 0, 1, 2 }, record = { 'loss', 'weights' } }\n"
             "return tostring(run), run.net, run:at(1)"},
    {"ensembles",
     "local task = data.teacher { inputs = 3, outputs = 2, examples = 5, snr = 2, seed = 1 }\n"
     "local ens = network.ensemble { count = 5, task = task, hidden = 2, seed = 1 }\n"
     "local tasks = { task, task, task, task, task }\n"
     "local run = ens:copy():train { task = tasks, rate = 0.01, steps = 6, every = 3, record = { 'loss', "
     "'norms', "
     "'alignment' } }\n"
     "local flow = ens:copy():flow { task = function() return task end, times = { 0, 1 } }\n"
     "local bent = network.ensemble { count = 2, task = task, hidden = 2, activation = 'tanh' }\n"
     "bent:train { task = task, rate = 0.01, steps = 4, batch = 2, stop = function(s) return s.step > 2 end "
     "}\n"
     "return tostring(run), run.mean.loss, run.stderr.norms, run:quantile(0.5).alignment, flow.std.loss"},
    {"small and frozen layers",
     "local task = data.teacher { inputs = 3, outputs = 2, examples = 40, snr = 2, seed = 1 }\n"
     "local function net(...) return network.new { sizes = { 3, 5, 2 }, activation = ..., bias = true, seed "
     "= 1 "
     "} end\n"
     "local run = net('relu'):train { task = task, rate = 0.01, steps = 4, batch = 16, seed = 1, momentum = "
     "0.5 }\n"
     "local full = net('erf'):train { task = task, rate = 0.01, steps = 4 }\n"
     "local above = net('tanh'):train { task = task, rate = 0.01, steps = 500, freeze = 1, every = 250 }\n"
     "assert(run.plan:match 'first cache' and full.plan:match 'first cache' and above.plan:match "
     "'^features')\n"
     "return run.loss, full.loss, above.loss"},
    {"extensions",
     "network.activations.bent = { f = function(X) return X:tanh() end, df = function(X) return 1 - "
     "X:tanh():pow(2) end }\n"
     "network.inits.given = function(sizes, options, stream)\n"
     "  return { stream:normal(sizes[2], sizes[1]), matrix.full(sizes[3], sizes[2], options.entry) }\n"
     "end\n"
     "network.observables.first = function(net) return net.weights[1] end\n"
     "network.observables.norm = function(net, task) return net:forward(task.X):norm() end\n"
     "local task = data.teacher { inputs = 3, outputs = 2, examples = 5, snr = 2, seed = 1 }\n"
     "local net = network.new { task = task, hidden = 2, activation = 'bent', init = 'given', entry = 0.1 }\n"
     "local run = net:train { task = task, rate = 0.01, steps = 4, record = { 'first', 'norm', 'ntk' } }\n"
     "net:save(folder .. '/net.npz')\n"
     "local again = network.load(folder .. '/net.npz')\n"
     "assert(os.remove(folder .. '/net.npz'))\n"
     "local kinds = tostring(network.activations)\n"
     "network.activations.bent, network.inits.given = nil, nil\n"
     "network.observables.first, network.observables.norm = nil, nil\n"
     "return run.first, run.norm, again:loss(task), kinds"},
    {"predict",
     "local task = data.spectrum { s = { 3, 1 }, inputs = 3, outputs = 2, seed = 1 }\n"
     "local net = network.new { task = task, hidden = 2, init = 'aligned', strength = 0.1, seed = 1 }\n"
     "local pred = theory.predict { net = net, task = task, times = { 0, 1, 2 } }\n"
     "local run = net:copy():train { task = task, rate = 0.1, times = pred.t }\n"
     "local report = theory.compare(run, pred)\n"
     "local shallow = network.new { task = task, depth = 1, seed = 1 }\n"
     "local flow = theory.predict { net = shallow, task = task, times = { 0, 1 }, solution = 'flow' }\n"
     "return tostring(pred), tostring(report), report:worst(), pred:at(1.5), flow.loss,\n"
     "  theory.predict { net = shallow, task = task, times = { 0, 1 } }.loss"},
    {"modes",
     "local m, t = theory.mode, { 0, 1, 2 }\n"
     "local task = data.spectrum { s = { 3, 1 }, inputs = 3, outputs = 2, seed = 1 }\n"
     "local net = network.new { task = task, hidden = 2, init = 'aligned', strength = 0.1, seed = 1 }\n"
     "return m.strength { s = { 2, 1 }, a0 = 0.1, t = t }, m.strength { s = 2, a0 = 0.1, depth = 3.5, t = "
     "matrix(t) },\n"
     "  m.time { s = 2, a0 = 0.1, fraction = { 0.5, 0.9 } }, m.depth_time { s = 1, a0 = 0.01, depth = 3, "
     "fraction = 0.9 },\n"
     "  m.scaling { a0 = 0.01, depths = { 1, 2, 3 } }, m.curvature { s = 3 }, m.plateau { s = { 2, 1 }, a0 = "
     "1e-6 },\n"
     "  m.pair { w1 = { 0.1, 0.2 }, w2 = { 0.1, 0.2 }, s = 1, t = t }, m.pair_time { w1 = 0.1, w2 = 0.4, s = "
     "2, strength = 1 },\n"
     "  m.layers { layers = { 0.1, -0.7, 0.4 }, s = 1.5, t = t }, m.descent { layers = { 0.1, 0.7 }, s = 1, "
     "rate = 0.1, steps = 9 },\n"
     "  m.descent { w1 = { 0.1, 1 }, w2 = { 0.4, 1 }, s = 1, rate = 0.1, steps = { 1, 3 } },\n"
     "  m.decoupled { weights = net.weights, task = task, t = t }"},
    {"one layer",
     "local h, t = theory.shallow, { 0, 1, 2 }\n"
     "local task = data.spectrum { s = { 3, 1 }, inputs = 3, outputs = 2, seed = 1 }\n"
     "local W = matrix.zeros(2, 3)\n"
     "return h.flow { task = task, W0 = W, t = t }, h.limit { task = task, W0 = W },\n"
     "  h.rates { task = task }, h.descent { task = task, W0 = W, rate = 0.1, steps = { 1, 5 } }"},
    {"kernels and curvature",
     "local task = data.teacher { inputs = 3, outputs = 2, examples = 4, snr = 2, seed = 1 }\n"
     "local net = network.new { task = task, hidden = 2, seed = 1 }\n"
     "local record = { 'ntk', 'ntk_distance', 'ntk_alignment', 'weight_distance', 'representations', "
     "'hessian', 'alignment' }\n"
     "local run = net:copy():train { task = task, rate = 0.01, steps = 4, every = 2, record = record }\n"
     "run:save(folder .. '/run.npz')\n"
     "local again = network.load_run(folder .. '/run.npz')\n"
     "assert(os.remove(folder .. '/run.npz'))\n"
     "local bent = network.new { task = task, hidden = 2, activation = 'tanh', bias = true, seed = 1 }\n"
     "local k, s, o = theory.ntk, theory.stability, { net = net, task = task }\n"
     "return again.ntk, net:observe(task, record, { start = net, ntk_examples = 2 }),\n"
     "  bent:observe(task, { 'ntk', 'ntk_distance', 'ntk_alignment' }, { start = bent }),\n"
     "  k.kernel(o), k.norm { A = matrix.eye(3), B = matrix.eye(2), task = task }, k.alignment(o),\n"
     "  k.distance { net = net, other = { A = matrix.eye(3), B = matrix.eye(2) }, X = matrix.eye(3) },\n"
     "  s.hessian(o), s.spectrum(o), s.curvature(o), s.max_rate(o),\n"
     "  s.finite_rate { net = net, task = task, rate = 0.1, t = { 0.2, 0.1 } },\n"
     "  theory.shallow.minibatch { X = matrix.eye(2), y = { 1, 2 }, rate = 0.1, batch = 1, steps = 3 }"},
    {"two balanced layers", "local q, t = theory.riccati, { 0, 1, 2 }\n"
                            "local task = data.spectrum { s = { 3, 1 }, inputs = 3, outputs = 2, seed = 1 }\n"
                            "local net = network.new { task = task, hidden = 2, init = 'lambda', lambda = "
                            "0.2, strength = 0.1, seed = 1 }\n"
                            "local given = { weights = net.weights, task = task, t = t }\n"
                            "return q.class { weights = net.weights }, q.product(given), "
                            "q.representations(given), q.weights(given),\n"
                            "  q.limit { weights = net.weights, task = task }, theory.predict { net = net, "
                            "task = task, times = t },\n"
                            "  theory.ntk.path { net = net, task = task, times = t }"},
    {"plots", "local x = matrix.linspace(1, 10, 20)\n"
              "local p = plot.new { title = 'a', xlabel = 'x', y = 'log', size = { 6, 4 } }\n"
              "p:lines(x, matrix.hcat(x, x), { label = { 'one', 'two' } }):points(x, x, { every = 3 })\n"
              "p:errorbars(x, x, x):band(x, x, x + 1):hline(3):vline(2):text(1, 2, 'here')\n"
              "local q = plot.new { title = 'b' }:image(matrix.eye(3), { colorbar = true })\n"
              "return plot.grid { { p, q }, { plot.new { }:bars({ 1, 2, 3 }, { 2, 3, 1 }), q } }"},
    {"maps that are observed",
     "local task = data.completion { inputs = 3, outputs = 2, s = { 3, 1 }, observed = 0.7, seed = 1 }\n"
     "local given = data.sensing { sensors = { matrix.eye(2), matrix.ones(2, 2) }, values = { 1, 2 } }\n"
     "local drawn = data.sensing { inputs = 3, outputs = 2, rank = 1, measurements = 4 }\n"
     "local net = network.new { task = task, hidden = 3, depth = 3, init = 'balanced', strength = 0.1 }\n"
     "local pred = theory.predict { net = net, task = task, times = { 0, 1 } }\n"
     "net:train { task = drawn, rate = 0.01, steps = 3, record = { 'test_loss', 'modes' } }\n"
     "return tostring(task), tostring(given), pred, task:svd()"},
    {"spectra",
     "local s, r = theory.spectrum, random.stream(1)\n"
     "local X = r:normal(4, 8)\n"
     "local white = s.marchenko_pastur { alpha = 2 }\n"
     "local deep = s.jacobian { depth = 6, activation = 'tanh', q = 0.3, weights = 'orthogonal' }\n"
     "local fit = s.compare { law = white, eigenvalues = (X * X.T / 8):eigh(), bins = 4 }\n"
     "local two = s.coloured { variances = { 1, 9 }, alpha = 10 }\n"
     "return fit, tostring(two), two.edges, two.atoms, two:cdf { 1, 5 }, deep:quantile(0.5), deep:moment { "
     "1, 2 },\n"
     "  deep:stieltjes(0.5, 0.1), white:rule { t = 3 }, white:R(0.1), deep:S(0.1), deep:resolvent(0.1),\n"
     "  s.product { depth = 3 }:density(matrix { 1, 2 }), s.isometry_limit { class = 'smooth', variance = 1 "
     "}:curve(9),\n"
     "  s.spike { s = { 1, 2 }, aspect = 0.5 }, theory.depth.critical { activation = 'erf', q = { 0.1, 1 } "
     "},\n"
     "  theory.depth.mean_field { activation = 'tanh', weight_variance = 2, depth = 3 }"},
    {"balanced layers",
     "local task = data.spectrum { s = { 3, 1 }, inputs = 3, outputs = 2, seed = 1 }\n"
     "local b, W = theory.balanced, 0.1 * matrix.ones(2, 3)\n"
     "local layers = b.factors { W = W, depth = 3, hidden = 2 }\n"
     "local flow = b.flow { W = W, depth = 3, Sxx = task.Sxx, Syx = task.Syx, t = { 1, 0 } }\n"
     "local small = b.small_start { net = network.new { task = task, hidden = 3, scale = 0.1 }, task = task "
     "}\n"
     "return flow, small, b.velocity { W = W, depth = 3, task = task }, b.conserved { weights = layers }"},
};
enum { SCRIPTS = sizeof scripts / sizeof *scripts };

/* What a script left behind when it failed: a file that was finished, never one with another name. */
static void empty_folder(const char *script) {
  DIR *all = opendir(folder);
  assert_non_null(all);
  for (struct dirent *file; (file = readdir(all));) {
    if (file->d_name[0] == '.') continue;
    if (strstr(file->d_name, ".new")) fail_msg("%s: left %s", script, file->d_name);
    unlink(in_folder(file->d_name));
  }
  closedir(all);
}

static int next_file(void) {
  int file = open("/dev/null", O_RDONLY);
  close(file);
  return file;
}

static int run(linnet_state *S, const char *text) {
  lua_settop(linnet_lua(S), 0);
  int status = linnet_dostring(S, text, strlen(text), "=script");
  lua_settop(linnet_lua(S), 0);
  return status;
}

static void assert_usable(linnet_state *S) {
  static const char text[] = "local A = matrix { {2, 1}, {1, 2} }\n"
                             "local w = A:eigh()\n"
                             "assert(math.abs(w[1] - 1) < 1e-14 and math.abs(w[2] - 3) < 1e-14)\n"
                             "local task = data.task { X = matrix.eye(2), Y = A }\n"
                             "local net = network.new { task = task, hidden = 2, seed = 1 }\n"
                             "local before = net:loss(task)\n"
                             "local run = net:train { task = task, rate = 0.1, steps = 5 }\n"
                             "assert(run.loss[#run.loss] < before)";
  if (run(S, text) != LINNET_OK) fail_msg("after a failure: %s", linnet_message(S));
}

/* Number of allocations that the script makes when nothing fails. */
static size_t need(linnet_state *S, supply *s, const char *name, const char *text) {
  lua_gc(linnet_lua(S), LUA_GCCOLLECT);
  *s = (supply){.held = s->held};
  if (run(S, text) != LINNET_OK) fail_msg("%s: %s", name, linnet_message(S));
  return s->asked;
}

/* Runs the script with failing allocations and looks at what it left. */
static void run_short(linnet_state *S, supply *s, size_t i, size_t first, size_t count) {
  const char *name = scripts[i].name;
  int file = next_file();
  *s = (supply){.held = s->held, .first = first, .count = count};
  int status = run(S, scripts[i].text);
  assert_false(s->lied);
  *s = (supply){.held = s->held};
  const char *message = linnet_message(S);
  if (status != LINNET_OK && status != LINNET_EMEMORY && !strstr(message, "memory"))
    fail_msg("%s, allocation %zu of those that fail: %s", name, first, message);
  if (status != LINNET_OK && count == 1)
    fail_msg("%s, allocation %zu: not tried again after a collection: %s", name, first, message);
  if (S->cx.scratch) fail_msg("%s, allocation %zu: work space was kept", name, first);
  lua_gc(linnet_lua(S), LUA_GCCOLLECT); /* files of Lua's own */
  if (next_file() != file) fail_msg("%s, allocation %zu: a file was left open", name, first);
  empty_folder(name);
  assert_usable(S);
}

static linnet_state *open_for_script(supply *s) {
  linnet_state *S;
  *s = (supply){0};
  assert_int_equal(open_with(s, &S), LINNET_OK);
  lua_pushstring(linnet_lua(S), folder);
  lua_setglobal(linnet_lua(S), "folder");
  return S;
}

static void scripts_survive(void **unused) {
  (void)unused;
  const size_t tries = 150;
  for (size_t i = 0; i < SCRIPTS; i++) {
    supply s;
    linnet_state *S = open_for_script(&s);
    need(S, &s, scripts[i].name, scripts[i].text); /* loads what is loaded when it is first used */
    size_t n = need(S, &s, scripts[i].name, scripts[i].text), before = 0;
    for (size_t c = 0; c < COUNTS; c++)
      for (size_t first = 1 + c; first <= n; first += 1 + n / tries) {
        lua_gc(linnet_lua(S), LUA_GCCOLLECT);
        run_short(S, &s, i, first, counts[c]);
        lua_gc(linnet_lua(S), LUA_GCCOLLECT);
        if (!before) before = s.held;
        if (s.held > before + 10000) fail_msg("%s, allocation %zu: memory grew", scripts[i].name, first);
      }
    linnet_close(S);
    assert_int_equal(s.held, 0);
  }
}

static void a_first_use_survives(void **unused) {
  (void)unused;
  const size_t tries = 10;
  for (size_t i = 0; i < SCRIPTS; i++) {
    supply s;
    linnet_state *S = open_for_script(&s);
    size_t n = need(S, &s, scripts[i].name, scripts[i].text);
    linnet_close(S);
    for (size_t c = 0; c < COUNTS; c++)
      for (size_t k = 0; k < tries; k++) {
        S = open_for_script(&s);
        run_short(S, &s, i, 1 + (k * COUNTS + c) * n / (tries * COUNTS), counts[c]);
        if (run(S, scripts[i].text) != LINNET_OK) fail_msg("%s: %s", scripts[i].name, linnet_message(S));
        linnet_close(S);
        assert_int_equal(s.held, 0);
      }
  }
}

static void opening_survives(void **unused) {
  (void)unused;
  const size_t tries = 100;
  supply s = {0};
  linnet_state *S;
  assert_int_equal(open_with(&s, &S), LINNET_OK);
  size_t n = s.asked;
  linnet_close(S);
  for (size_t c = 0; c < COUNTS; c++)
    for (size_t k = 0; k < tries; k++) {
      s = (supply){.first = 1 + (k * COUNTS + c) * n / (tries * COUNTS), .count = counts[c]};
      int status = open_with(&s, &S);
      assert_true(status == LINNET_OK || status == LINNET_EMEMORY);
      assert_int_equal(S != NULL, status == LINNET_OK);
      s.first = 0;
      if (S) assert_usable(S);
      linnet_close(S);
      assert_int_equal(s.held, 0);
      assert_false(s.lied);
    }
}

/* Allocations of a run with so many records. */
static size_t need_for_records(linnet_state *S, supply *s, const char *kind, const char *observable,
                               int records) {
  char text[400];
  snprintf(text, sizeof text, "return %s { task = task, times = times[%d], record = '%s'%s }", kind, records,
           observable, strstr(kind, "train") ? ", rate = 0.01, progress = false" : "");
  return need(S, s, text, text);
}

static void records_take_no_memory_after_the_first(void **unused) {
  (void)unused;
  static const char *const observables[] = {"loss",      "error",        "modes",         "singular_values",
                                            "alignment", "norms",        "balance",       "weight_distance",
                                            "ntk_norm",  "ntk_distance", "ntk_alignment", "hessian",
                                            NULL};
  static const char *const kinds[] = {"net:copy():train", "net:copy():flow", "bent:copy():train", NULL};
  supply s = {0};
  linnet_state *S;
  assert_int_equal(open_with(&s, &S), LINNET_OK);
  need(S, &s, "preparation",
       "task = data.teacher { inputs = 6, outputs = 4, examples = 9, snr = 2, seed = 1 }\n"
       "net = network.new { task = task, hidden = 5, depth = 3, seed = 1 }\n"
       "bent = network.new { task = task, hidden = 5, activation = 'tanh', bias = true, seed = 1 }\n"
       "times = { [3] = matrix.linspace(0, 1, 3), [30] = matrix.linspace(0, 1, 30) }");
  for (const char *const *kind = kinds; *kind; kind++)
    for (const char *const *observable = observables; *observable; observable++) {
      bool linear_only = !strcmp(*observable, "modes") || !strcmp(*observable, "alignment") ||
                         !strcmp(*observable, "hessian");
      if (*kind == kinds[2] && linear_only) continue;
      need_for_records(S, &s, *kind, *observable, 3); /* what is made when it is first asked for */
      size_t few = need_for_records(S, &s, *kind, *observable, 3);
      size_t many = need_for_records(S, &s, *kind, *observable, 30);
      if (few != many)
        fail_msg("%s, %s: %zu allocations for 3 records and %zu for 30", *kind, *observable, few, many);
    }
  linnet_close(S);
  assert_int_equal(s.held, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      in_a_folder(opening_survives),
      cmocka_unit_test(records_take_no_memory_after_the_first),
      in_a_folder(scripts_survive),
      in_a_folder(a_first_use_survives),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
