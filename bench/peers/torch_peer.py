"""PyTorch as a contestant: torch.func, the double-backward recipe, formulas by hand, each in chunks, by torch's own
threads or by one worker per thread, and torch.compile."""
import peer

peer.limit_threads()

import math
import sys
from concurrent.futures import ThreadPoolExecutor

import torch
from torch.func import grad, grad_and_value, hessian, jvp, vmap

torch.set_num_threads(peer.THREADS)
# Each computes chunks on its own thread: no barrier after every small operation.
WORKERS = ThreadPoolExecutor(peer.THREADS, initializer=lambda: torch.set_num_threads(1))


def network(layers, x):
    for kernel, bias in layers[:-1]:
        x = torch.tanh(torch.nn.functional.linear(x, kernel, bias))
    kernel, bias = layers[-1]
    return torch.nn.functional.linear(x, kernel, bias)[..., 0]


def func(per_sample, inputs=1):
    """A function of a batch from one of a sample."""
    mapped = vmap(per_sample, (None, *[0] * inputs))

    def run(layers, *xs):
        with torch.no_grad():
            return mapped(layers, *xs)

    return run


def value(layers, x):
    with torch.no_grad():
        return network(layers, x)


def value_and_gradient(layers, x):
    g, u = vmap(grad_and_value(network, argnums=1), (None, 0))(layers, x)
    return u.detach(), g.detach()


def backward(layers, x):
    x = x.detach().requires_grad_(True)
    u = network(layers, x)
    return u.detach(), torch.autograd.grad(u.sum(), x)[0]


def double_backward(layers, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(network(layers, x).sum(), x, create_graph=True)
    rows = [torch.autograd.grad(g[:, i].sum(), x, retain_graph=True)[0] for i in range(x.shape[1])]
    return torch.stack(rows, 1)


def double_backward_trace(layers, x):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(network(layers, x).sum(), x, create_graph=True)
    return sum(torch.autograd.grad(g[:, i].sum(), x, retain_graph=True)[0][:, i] for i in range(x.shape[1]))


def double_backward_product(layers, x, v):
    x = x.detach().requires_grad_(True)
    (g,) = torch.autograd.grad(network(layers, x).sum(), x, create_graph=True)
    return torch.autograd.grad((g * v).sum(), x)[0]


@torch.no_grad()
def contracted(layers, x):
    """Hessians by the contracted sweep, the formula nabla compiles to; tangents [N, d, n]."""
    n, d = x.shape
    val, tangents, saved = x, None, []
    for kernel, bias in layers[:-1]:
        val = torch.tanh(torch.nn.functional.linear(val, kernel, bias))
        slope = 1 - val * val
        before = kernel.T.expand(n, -1, -1) if tangents is None else tangents @ kernel.T
        tangents = before * slope[:, None, :]
        saved.append((val, slope, before))
    adjoint = layers[-1][0].expand(n, -1)
    total = torch.zeros(n, d, d, dtype=x.dtype)
    for (val, slope, before), (kernel, _) in zip(reversed(saved), reversed(layers[:-1])):
        weighted = before * (-2 * val * slope * adjoint)[:, None, :]
        total = total + weighted @ before.transpose(1, 2)
        adjoint = (adjoint * slope) @ kernel
    return total


@torch.no_grad()
def forward_laplacian(layers, x):
    n, _ = x.shape
    val, tangents, lap = x, None, None
    for kernel, bias in layers[:-1]:
        val = torch.tanh(torch.nn.functional.linear(val, kernel, bias))
        slope = 1 - val * val
        tangents = kernel.T.expand(n, -1, -1) if tangents is None else tangents @ kernel.T
        lap = torch.zeros_like(val) if lap is None else lap @ kernel.T
        lap = slope * lap - 2 * val * slope * (tangents * tangents).sum(1)
        tangents = tangents * slope[:, None, :]
    return (lap @ layers[-1][0].T)[:, 0]


def product(layers, x, v):
    return jvp(lambda y: grad(network, argnums=1)(layers, y), (x,), (v,))[1]


def burgers(layers, x):
    """Loss and parameter gradient by double backward, as PINN code is written."""
    x = x.detach().requires_grad_(True)
    u = network(layers, x)
    (g,) = torch.autograd.grad(u.sum(), x, create_graph=True)
    (h,) = torch.autograd.grad(g[:, 1].sum(), x, create_graph=True)
    loss = ((g[:, 0] + u * g[:, 1] - (0.01 / math.pi) * h[:, 1]) ** 2).mean()
    flat = [p for layer in layers for p in layer]
    return loss.detach(), torch.autograd.grad(loss, flat)


def burgers_func(layers, x):
    """The same through torch.func: forward over reverse in one direction."""
    e = torch.tensor([0.0, 1.0], dtype=x.dtype)

    def residual(layers, y):
        g, t = jvp(lambda z: grad(network, argnums=1)(layers, z), (y,), (e,))
        return g[0] + network(layers, y) * g[1] - (0.01 / math.pi) * t[1]

    gradient, loss = grad_and_value(lambda p: (vmap(residual, (None, 0))(p, x) ** 2).mean())(layers)
    return loss, [p for layer in gradient for p in layer]


def burgers_taylor(layers, x):
    """By hand: value, both first derivatives and u_xx pushed forward together, one product per layer, and one backward."""
    (kernel, bias), *rest = layers
    z = torch.nn.functional.linear(x, kernel, bias)
    zt, zx = (kernel[:, i].expand_as(z) for i in (0, 1))
    zxx = torch.zeros_like(z)
    for kernel, bias in rest:
        value = torch.tanh(z)
        slope = 1 - value * value
        stacked = torch.stack([value, slope * zt, slope * zx, slope * (zxx - 2 * value * zx * zx)])
        z, zt, zx, zxx = stacked @ kernel.T
        z = z + bias
    loss = ((zt + z * zx - (0.01 / math.pi) * zxx) ** 2).mean()
    return loss.detach(), torch.autograd.grad(loss, [p for layer in layers for p in layer])


FORMS = {
    "value": {"plain": value},
    "gradient": {"plain": value_and_gradient, "backward": backward},
    "hessian": {
        "plain": func(hessian(network, argnums=1)),
        "double backward": double_backward,
        "contracted by hand": contracted,
    },
    "hvp": {"plain": func(product, 2), "double backward": double_backward_product},
    "laplacian": {
        "plain": func(lambda layers, x: torch.trace(hessian(network, argnums=1)(layers, x))),
        "double backward": double_backward_trace,
        "forward Laplacian": forward_laplacian,
    },
    "step": {"plain": burgers, "torch.func": burgers_func, "Taylor by hand": burgers_taylor},
}

# What torch.compile takes (it does not differentiate twice through a graph it has captured).
COMPILED = {
    "value": ["plain"],
    "gradient": ["plain"],
    "hessian": ["plain", "contracted by hand"],
    "laplacian": ["forward Laplacian"],
    "hvp": [],
    "step": ["torch.func"],
}


def recipes(case):
    quantity, n = case["quantity"], case["N"]
    forms = list(FORMS[quantity])
    # A mapped Hessian of a whole batch keeps tens of arrays at once, a formula by hand a few.
    numbers = n * (case["d"] + 1) * max(case["features"])
    arrays = lambda name: 4 if name in ("contracted by hand", "forward Laplacian") else 12
    fits = lambda name: arrays(name) * numbers * (4 if case["dtype"] == "float32" else 8) < 6 * 2**30
    found = [name for name in (forms if n <= 65536 else forms[:1]) if fits(name)]
    workers = lambda ways: ways + [f"{way}, workers" for way in ways if peer.THREADS > 1]
    if quantity == "step":
        chunks = [f"{name}, chunks of {c}" for name in ("plain", "Taylor by hand") for c in peer.few_chunks_of(n)]
        return found + workers(chunks) + [f"{name}, compiled" for name in COMPILED[quantity]]
    # Short chunks of it only cost time: every operation takes microseconds, torch.func tens of milliseconds a call.
    chunks = lambda shortest: [c for c in peer.chunks_of(n) if c >= shortest]
    found += [f"plain, chunks of {c}" for c in chunks(4096)]
    found += workers([f"{name}, chunks of {c}" for name in forms if name != "plain" for c in chunks(1024)])
    # Compiling takes tens of seconds: once whole, or in a chunk of middling length.
    chunk = ", chunks of 2048" if n > 4096 else ""
    return found + [f"{name}, compiled{chunk}" for name in COMPILED[quantity]]


def prepare(recipe, case, layers, x, v):
    quantity = case["quantity"]
    step = quantity == "step"
    # torch.nn.Linear keeps [out, in].
    layers = [
        tuple(torch.from_numpy(a.copy()).requires_grad_(step) for a in (kernel.T.copy(), bias)) for kernel, bias in layers
    ]
    form, *ways = recipe.split(", ")
    chunk = next((int(way.split()[-1]) for way in ways if way.startswith("chunks of ")), None)
    batch = FORMS[quantity][form]
    if "compiled" in ways:
        torch._dynamo.reset()
        batch = torch.compile(batch, dynamic=False)
    inputs = [torch.from_numpy(x)] + ([torch.from_numpy(v)] if quantity == "hvp" else [])
    size = chunk or case["N"]
    each = WORKERS.map if "workers" in ways else map

    def run():
        parts = list(each(lambda i: batch(layers, *(a[i : i + size] for a in inputs)), range(0, case["N"], size)))
        if len(parts) == 1:
            return parts[0]
        if step:
            # Of a mean over chunks of equal length.
            losses, gradients = zip(*parts)
            return sum(losses) / len(parts), [sum(g) / len(parts) for g in zip(*gradients)]
        if isinstance(parts[0], tuple):
            return tuple(torch.cat(p) for p in zip(*parts))
        return torch.cat(parts)

    def arrays(result):
        if step:
            loss, flat = result
            flat = [a.detach().numpy() for a in flat]
            pairs = [(kernel.T, bias) for kernel, bias in zip(flat[::2], flat[1::2])]
            return [loss.detach().numpy().reshape(1), peer.flat_gradient(pairs)]
        return [a.detach().numpy() for a in (result if isinstance(result, tuple) else (result,))]

    return run, arrays


if __name__ == "__main__":
    peer.serve({"torch": torch.__version__, "python": sys.version.split()[0]}, recipes, prepare)
