"""The peers of the benchmarks: the jobs of jobs_matrix.lua, jobs_training.lua and jobs_theory.lua in NumPy and SciPy.

    python3 jobs.py NAME FOLDER     reads FOLDER/input.npz, prints seconds (or megabytes), saves FOLDER/peer.npy
"""
import gzip
import sys
import time

import numpy as np

SHORTEST = 0.02  # seconds that a batch of calls takes at least
BATCHES = 5


def once(f, *arguments):
    """Processor time of f."""
    start = time.process_time()
    f(*arguments)
    return time.process_time() - start


def each(f):
    """Processor time of one call where f(n) makes n of them: the least of several batches."""
    n, least = 1, once(f, 1)
    while least < SHORTEST:
        n = n * 10 if least < SHORTEST / 10 else n * 2
        least = once(f, n)
    return min([least] + [once(f, n) for _ in range(BATCHES - 1)]) / n


# ---- calls ----


def get(a):
    A = a["A"]

    def calls(n):
        for _ in range(n):
            A.item(1, 2)

    return each(calls), np.array([A[1, 2]])


def scal(a):
    Y = a["A"]

    def calls(n):
        y = Y
        for _ in range(n):
            y *= 1.0

    return each(calls), Y


def index(a):
    v = a["v"].ravel()

    def calls(n):
        for _ in range(n):
            v[1]

    return each(calls), v[1:2]


def index2(a):
    A = a["A"]

    def calls(n):
        for _ in range(n):
            A[1, 2]

    return each(calls), np.array([A[1, 2]])


# ---- linear algebra ----


def gemm(a):
    A, B = a["A"], a["B"]

    def calls(n):
        for _ in range(n):
            A @ B

    return each(calls), A @ B


def solve(a):
    A, B = a["A"], a["B"]

    def calls(n):
        for _ in range(n):
            np.linalg.solve(A, B)

    return each(calls), np.linalg.solve(A, B)


def eigh(a):
    S = a["S"]

    def calls(n):
        for _ in range(n):
            np.linalg.eigh(S)

    return each(calls), np.linalg.eigh(S)[0]


def svd(a):
    A = a["A"]

    def calls(n):
        for _ in range(n):
            np.linalg.svd(A, full_matrices=False)

    return each(calls), np.linalg.svd(A)[1]


# ---- entry by entry ----


def weighted_sum(a):
    A, B, C = a["A"], a["B"], a["C"]

    def calls(n):
        for _ in range(n):
            A + 2 * B * C

    return each(calls), A + 2 * B * C


def inplace(a):
    A, B, Y = a["A"], a["B"], np.empty_like(a["A"])

    def calls(n):
        y = Y
        for _ in range(n):
            np.multiply(B, 2, out=y)
            y += A

    return each(calls), Y


def tanh(a):
    A = a["A"]

    def calls(n):
        for _ in range(n):
            np.tanh(A)

    return each(calls), np.tanh(A)


TEMPORARIES = 20000


def sums(A, B):
    for _ in range(TEMPORARIES):
        C = A + B
    return C


def temporaries(a):
    return once(sums, a["A"], a["B"]), a["A"] + a["B"]


def resident_peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024


def growth(a):
    before = resident_peak()
    C = sums(a["A"], a["B"])
    return resident_peak() - before, C


# ---- linear networks on moments ----


def layers(a):
    """W1, W2, ... of the input, row by row in memory as NumPy likes them."""
    depth = sum(name.startswith("W") for name in a)
    return [np.ascontiguousarray(a["W%d" % (l + 1)]) for l in range(depth)]


def is_record(step, steps):
    """Is this one of 201 steps, evenly spaced?"""
    k = round(step * 200 / steps)
    return round(k * steps / 200) == step


def descend(a, modes):
    """Full-batch descent on the moments, everything in place; losses, and modes if asked for."""
    W = layers(a)
    Syx, Sxx = np.ascontiguousarray(a["Syx"]), np.ascontiguousarray(a["Sxx"])
    rate, steps = a["rate"].item(), int(a["steps"].item())
    depth, n = len(W), len(Sxx)
    scale = Sxx[0, 0] if np.array_equal(Sxx, Sxx[0, 0] * np.eye(n)) else None  # one product less
    W_best = np.linalg.solve(Sxx, Syx.T).T
    loss_min = (a["tr_yy"].item() - np.sum(W_best * Syx)) / 2
    U, V = a["U"], a["V"]
    prefix = [W[0]] + [np.empty((w.shape[0], n)) for w in W[1:]]
    back = [np.empty((w.shape[0], n)) for w in W]
    change = [np.empty_like(w) for w in W]
    E = back[-1]
    records = []

    def run():
        for step in range(steps + 1):
            for l in range(1, depth):
                np.dot(W[l], prefix[l - 1], out=prefix[l])
            P = prefix[-1]
            if scale is None:
                np.dot(P, Sxx, out=E)
            else:
                np.multiply(P, scale, out=E)
            np.subtract(Syx, E, out=E)
            if is_record(step, steps):
                loss = loss_min + np.sum(E * (W_best - P)) / 2
                records.append([loss, *np.sum(U * (P @ V), 0)] if modes else [loss])
            if step == steps:
                break
            for l in range(depth - 1, 0, -1):
                np.dot(back[l], prefix[l - 1].T, out=change[l])
                np.dot(W[l].T, back[l], out=back[l - 1])
            np.multiply(back[0], rate, out=back[0])
            np.add(W[0], back[0], out=W[0])
            for l in range(1, depth):
                np.multiply(change[l], rate, out=change[l])
                np.add(W[l], change[l], out=W[l])

    return once(run), np.array(records)


def W4(a, clock=time.process_time):
    """All networks in one batched product each."""
    networks = lambda W: np.ascontiguousarray(W.reshape(20, -1, 20).transpose(1, 0, 2))
    W1, W2, S = networks(a["W1"]), networks(a["W2"]), np.ascontiguousarray(a["Syx"])
    rate, steps = a["rate"].item(), int(a["steps"].item())
    loss_min = (a["tr_yy"].item() - np.sum(S * S)) / 2
    E, D1, D2 = (np.empty_like(W1) for _ in range(3))
    losses = []
    start = clock()
    for step in range(steps + 1):
        np.matmul(W2, W1, out=E)
        np.subtract(S, E, out=E)
        if is_record(step, steps):
            losses.append(loss_min + np.einsum("nij,nij->n", E, E) / 2)
        if step == steps:
            break
        np.matmul(W2.transpose(0, 2, 1), E, out=D1)
        np.matmul(E, W1.transpose(0, 2, 1), out=D2)
        np.multiply(D1, rate, out=D1)
        np.multiply(D2, rate, out=D2)
        np.add(W1, D1, out=W1)
        np.add(W2, D2, out=W2)
    return clock() - start, np.array(losses)


def script(a):
    S, rate = np.ascontiguousarray(a["Syx"]), a["rate"].item()
    W1, W2 = layers(a)

    def steps(n, W1=W1, W2=W2):
        for _ in range(n):
            E = S - W2 @ W1
            D1, D2 = W2.T @ E, E @ W1.T
            W1, W2 = W1 + rate * D1, W2 + rate * D2
        return W2 @ W1

    return each(steps), steps(1000)


# ---- Fashion-MNIST ----


def descend_two_layers(a, X, Y, moments_are_there=False):
    """Moments and descent of a network with few outputs: W2 (W1 Sxx) is never formed from the left."""
    W1, W2 = layers(a)
    rate, steps, P = a["rate"].item(), int(a["steps"].item()), X.shape[1]
    result = []

    def moments():
        return X @ X.T / P, Y @ X.T / P, np.sum(Y * Y) / P

    there = moments() if moments_are_there else None

    def run():
        Sxx, Syx, tr_yy = there or moments()
        M, E = np.empty_like(Syx), np.empty_like(Syx)
        D1, D2 = np.empty_like(W1), np.empty_like(W2)
        for step in range(steps + 1):
            np.dot(W2, W1, out=M)
            np.dot(M, Sxx, out=E)
            np.subtract(Syx, E, out=E)
            if step in (0, steps):
                result.append((tr_yy - np.sum(M * (Syx + E))) / 2)
            if step == steps:
                break
            np.dot(E, W1.T, out=D2)
            np.dot(W2.T, E, out=D1)
            np.multiply(D1, rate, out=D1)
            np.add(W1, D1, out=W1)
            np.multiply(D2, rate, out=D2)
            np.add(W2, D2, out=W2)
        result.extend((W2 @ W1).ravel(order="F"))

    return once(run), np.array(result)


def fashion():
    """The training images, an image a row, and their classes, one of ten."""
    folder = "/usr/share/datasets/fashion-mnist/train-"
    with gzip.open(folder + "images-idx3-ubyte.gz") as images:
        X = np.frombuffer(images.read(), np.uint8, offset=16).reshape(-1, 784)
    with gzip.open(folder + "labels-idx1-ubyte.gz") as labels:
        Y = np.eye(10)[np.frombuffer(labels.read(), np.uint8, offset=8)]
    return X / 255.0, Y


def W3a(a):
    X, Y = fashion()
    return descend_two_layers(a, X.T, Y.T)


def W3a_steps(a):
    X, Y = fashion()
    return descend_two_layers(a, X.T, Y.T, moments_are_there=True)


def W3b(a):
    return descend_two_layers(a, a["X"], a["Y"])


W3c = W3b


# ---- nonlinear ----


def small_network(a, relu):
    X, Y, W1, b1, W2, b2 = (np.ascontiguousarray(a[name]) for name in ("X", "Y", "W1", "b1", "W2", "b2"))
    rate, steps, P = a["rate"].item(), int(a["steps"].item()), X.shape[1]
    H, D, F = (np.empty((len(W1), P)) for _ in range(3))
    V1, c1, V2, c2 = (np.zeros_like(W) for W in (W1, b1, W2, b2))
    G1 = np.empty_like(W1)
    active = np.empty(H.shape, bool)
    losses = []

    def run():
        nonlocal V1, c1, V2, c2, W1, b1, W2, b2
        for step in range(steps + 1):
            np.dot(W1, X, out=H)
            np.add(H, b1, out=H)
            if relu:
                np.maximum(H, 0, out=H)
            else:
                np.tanh(H, out=H)
            R = W2 @ H
            R += b2
            R -= Y
            if is_record(step, steps):
                losses.append(np.vdot(R, R) / (2 * P))
            if step == steps:
                break
            R *= rate / P
            np.dot(W2.T, R, out=D)
            if relu:
                np.greater(H, 0, out=active)
                np.multiply(D, active, out=D)
            else:
                np.multiply(H, H, out=F)
                np.subtract(1, F, out=F)
                np.multiply(D, F, out=D)
            np.dot(D, X.T, out=G1)
            for W, V, G in ((W2, V2, R @ H.T), (b2, c2, R.sum(1, keepdims=True)), (W1, V1, G1),
                            (b1, c1, D.sum(1, keepdims=True))):
                V *= 0.9
                V += G
                W -= V

    return once(run), np.array(losses)


def W5b(a):
    X, Y = fashion()
    order = a["order"].ravel().astype(int) - 1
    rate, size = a["rate"].item(), 128
    W1, W2 = (np.ascontiguousarray(a[name].T) for name in ("W1", "W2"))
    b1, b2 = a["b1"].ravel().copy(), a["b2"].ravel().copy()
    x, y = np.empty((size, 784)), np.empty((size, 10))
    H, D = np.empty((size, 256)), np.empty((size, 256))
    G1 = np.empty_like(W1)

    def run():
        nonlocal W1, b1, W2, b2
        for first in range(0, len(order) - size + 1, size):
            batch = order[first : first + size]
            np.take(X, batch, axis=0, out=x, mode="clip")
            np.take(Y, batch, axis=0, out=y, mode="clip")
            np.dot(x, W1, out=H)
            np.add(H, b1, out=H)
            np.tanh(H, out=H)
            R = H @ W2
            R += b2
            R -= y
            R *= rate / size
            np.dot(R, W2.T, out=D)
            W2 -= H.T @ R
            b2 -= R.sum(0)
            np.multiply(H, H, out=H)
            np.subtract(1, H, out=H)
            np.multiply(D, H, out=D)
            np.dot(x.T, D, out=G1)
            W1 -= G1
            b1 -= D.sum(0)

    return once(run), W1.T


# ---- gradient flow ----


def flow(a):
    from scipy.integrate import solve_ivp

    W1, W2 = layers(a)
    S, U, V, times = np.ascontiguousarray(a["Syx"]), a["U"], a["V"], a["times"].ravel()
    n, result = W1.size, []
    out = np.empty(2 * n)
    dW1, dW2 = out[:n].reshape(W1.shape), out[n:].reshape(W2.shape)

    def velocity(_, theta):
        w1, w2 = theta[:n].reshape(W1.shape), theta[n:].reshape(W2.shape)
        E = S - w2 @ w1
        np.dot(w2.T, E, out=dW1)
        np.dot(E, w1.T, out=dW2)
        return out.copy()

    def run():
        start = np.concatenate([W1.ravel(), W2.ravel()])
        solution = solve_ivp(velocity, (0, times[-1]), start, "DOP853", times, rtol=1e-13, atol=1e-15)
        for theta in solution.y.T:
            P = theta[n:].reshape(W2.shape) @ theta[:n].reshape(W1.shape)
            result.append(np.sum(U * (P @ V), 0))

    return once(run), np.array(result)


# ---- closed forms ----


def balanced_flow(a):
    """The weights of two layers with white inputs at all times, to 1e-9."""
    from scipy.integrate import solve_ivp

    W1, W2 = layers(a)
    S, times, n = np.ascontiguousarray(a["Syx"]), a["times"].ravel(), W1.size
    out = np.empty(n + W2.size)
    dW1, dW2 = out[:n].reshape(W1.shape), out[n:].reshape(W2.shape)

    def velocity(_, theta):
        w1, w2 = theta[:n].reshape(W1.shape), theta[n:].reshape(W2.shape)
        E = S - w2 @ w1
        np.dot(w2.T, E, out=dW1)
        np.dot(E, w1.T, out=dW2)
        return out.copy()

    start = np.concatenate([W1.ravel(), W2.ravel()])
    solution = solve_ivp(velocity, (0, times[-1]), start, "DOP853", times, rtol=1e-11, atol=1e-13)
    return [theta[n:].reshape(W2.shape) @ theta[:n].reshape(W1.shape) for theta in solution.y.T]


def W6(a):
    """Gauss-Chebyshev nodes that are enough for the last time, in arrays that are used again."""
    t, n = a["t"].ravel(), 200
    psi = np.pi * np.arange(1, n + 1) / (n + 1)
    half, w = np.sin(psi / 2) ** 2, 2 / (n + 1) * np.sin(psi) ** 2
    e, weights, noise = np.empty((len(t), n)), np.empty((n, 2)), 0.2
    errors = np.empty((len(t), a["alpha"].size))

    def run():
        for j, g in enumerate(1 / a["alpha"].ravel()):
            b = np.sqrt(g)
            x = ((1 - g) / (1 + b)) ** 2 + 4 * b * half
            np.multiply.outer(-t, x, out=e)
            np.expm1(e, out=e)
            weights[:, 0] = w / x
            weights[:, 1] = (1 + g * noise / x) * weights[:, 0]
            errors[:, j] = 2 * (e @ weights[:, 0])
            np.multiply(e, e, out=e)
            errors[:, j] += noise + 1 + e @ weights[:, 1]

    def calls(count):
        for _ in range(count):
            run()

    return each(calls), errors


def W7(a):
    """The product at all times."""
    result = []

    def run():
        result.extend(balanced_flow(a))

    return once(run), np.vstack(result)


def W7_modes(a):
    U, V, result = a["U"], a["V"], []

    def run():
        result.extend(np.sum(U * (P @ V), 0) for P in balanced_flow(a))

    return once(run), np.array(result)


def W7_chol(a):
    """The formula as it is printed, M = e^(Ft) Q (1 + Q' int e^(2Fx) dx Q)^-1 Q' e^(Ft): it keeps 1e-9 at early times only."""
    from scipy.linalg import eigh, solve_triangular

    W1, W2 = layers(a)
    S, times, n = a["Syx"], a["times"].ravel(), len(a["Sxx"])
    result = []

    def run():
        F = np.zeros((2 * n, 2 * n))
        F[n:, :n], F[:n, n:] = S, S.T
        f, O = eigh(F)
        q = O.T @ np.vstack([W1.T, W2])
        inputs, outputs = np.ascontiguousarray(O[:n].T), np.ascontiguousarray(O[n:])
        identity = np.eye(q.shape[1])
        for t in times:
            gain = np.expm1(2 * f * t) / (2 * f)
            L = np.linalg.cholesky(identity + q.T @ (gain[:, None] * q))
            Y = solve_triangular(L, (np.exp(f * t)[:, None] * q).T, lower=True, check_finite=False)
            result.append((outputs @ Y.T) @ (Y @ inputs))

    seconds = once(run)
    return seconds, np.vstack(result[:60])


JOBS = {
    "W4_2T": lambda a: W4(a, time.perf_counter),
    **{name: globals()[name] for name in ("get", "scal", "index", "index2", "temporaries", "growth", "script")},
    **{name: globals()[name] for name in ("W3a", "W3a_steps", "W3b", "W3c", "W4", "W5b", "W6")},
    **{name: globals()[name] for name in ("W7", "W7_modes", "W7_chol", "flow")},
    **{"%s%d" % (f.__name__, n): f for f in (gemm, solve, eigh, svd) for n in (8, 512)},
    **{"sum%d" % n: weighted_sum for n in (16, 1000)},
    **{"inplace%d" % n: inplace for n in (16, 1000)},
    "tanh1000": tanh,
    "W1a": lambda a: descend(a, modes=True),
    "W1b": lambda a: descend(a, modes=True),
    "W2": lambda a: descend(a, modes=False),
    "W5a": lambda a: small_network(a, relu=False),
    "W5r": lambda a: small_network(a, relu=True),
}

if __name__ == "__main__":
    name, folder = sys.argv[1:]
    figure, outcome = JOBS[name](dict(np.load(folder + "/input.npz")))
    print("%.9g" % figure)
    np.save(folder + "/peer.npy", outcome)
