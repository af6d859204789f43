"""JAX as a contestant. Every quantity has the form users write first ("plain") and the better ones; those that work on a whole
batch are tried in chunks too, by lax.map, and with the batch sharded over one device per thread: what XLA compiles for one device
uses threads within an operation, which is little for small layers."""
import peer

peer.limit_threads()

import os
import sys

import jax
import jax.numpy as jnp
import jaxlib
import numpy as np

jax.config.update("jax_enable_x64", True)
jax.config.update("jax_platforms", "cpu")
# With several devices, what runs on one of them is slower: a process of its own has them.
DEVICES = int(os.environ.get("NABLA_BENCH_DEVICES", "1"))
jax.config.update("jax_num_cpu_devices", DEVICES)

from jax.sharding import Mesh, NamedSharding, PartitionSpec

MESH = Mesh(np.array(jax.devices()), ("batch",))
SHARED, SPLIT = PartitionSpec(), PartitionSpec("batch")


def network(layers, x):
    """One sample [d] or a batch [..., d] -> [...]."""
    for kernel, bias in layers[:-1]:
        x = jnp.tanh(x @ kernel + bias)
    kernel, bias = layers[-1]
    return (x @ kernel + bias)[..., 0]


# Per sample; vmapped below.


def hvp(layers, x, v):
    return jax.jvp(lambda y: jax.grad(network, argnums=1)(layers, y), (x,), (v,))[1]


def hessian_linearize(layers, x):
    """Forward over reverse with the gradient's primal part computed once."""
    _, push = jax.linearize(lambda y: jax.grad(network, argnums=1)(layers, y), x)
    return jax.vmap(push)(jnp.eye(x.size, dtype=x.dtype))


def laplacian_trace(layers, x):
    return jnp.trace(jax.hessian(network, argnums=1)(layers, x))


def laplacian_jvp(layers, x):
    eye = jnp.eye(x.size, dtype=x.dtype)
    _, push = jax.linearize(lambda y: jax.grad(network, argnums=1)(layers, y), x)
    return jnp.sum(jax.vmap(lambda e: push(e) @ e)(eye))


# Whole batches, formulas by hand: J [N, n, d] are the tangents of a layer, samples outermost so that products are GEMMs.


def contracted(layers, x):
    """Hessians by the contracted sweep, the formula nabla compiles to."""
    n, d = x.shape
    value, tangents, saved = x, None, []
    for kernel, bias in layers[:-1]:
        value = jnp.tanh(value @ kernel + bias)
        slope = 1 - value * value
        before = jnp.broadcast_to(kernel, (n, *kernel.shape)) if tangents is None else tangents @ kernel
        tangents = before * slope[:, None, :]
        saved.append((value, slope, before))
    adjoint = jnp.broadcast_to(layers[-1][0][:, 0], (n, layers[-1][0].shape[0]))
    total = jnp.zeros((n, d, d), x.dtype)
    for (value, slope, before), (kernel, _) in zip(reversed(saved), reversed(layers[:-1])):
        curvature = -2 * value * slope * adjoint
        total += jnp.einsum("nik,nk,njk->nij", before, curvature, before)
        adjoint = (adjoint * slope) @ kernel.T
    return total


def forward_laplacian(layers, x):
    """Value, tangents and Laplacian pushed forward together (Li et al. 2023, what folx does)."""
    n, d = x.shape
    value, tangents, laplacian = x, None, None
    for kernel, bias in layers[:-1]:
        value = jnp.tanh(value @ kernel + bias)
        slope = 1 - value * value
        if tangents is None:
            tangents = jnp.broadcast_to(kernel, (n, *kernel.shape))
            laplacian = jnp.zeros_like(value)
        else:
            tangents = tangents @ kernel
            laplacian = laplacian @ kernel
        laplacian = slope * laplacian - 2 * value * slope * jnp.sum(tangents * tangents, axis=1)
        tangents = tangents * slope[:, None, :]
    return (laplacian @ layers[-1][0])[:, 0]


def batch_hvp(layers, x, v):
    """Whole-batch jvp of the sum trick's gradient."""
    return jax.jvp(lambda y: batch_gradient(layers, y)[1], (x,), (v,))[1]


def batch_gradient(layers, x):
    """The sum trick: one reverse sweep of whole-batch products."""
    values, pull = jax.vjp(lambda y: network(layers, y), x)
    return values, pull(jnp.ones_like(values))[0]


# Loss of Burgers' residual, x = (t, x): ways to get u_xx beside the gradient.


def burgers(second):
    def residual(layers, x):
        (ut, ux), uxx = second(layers, x)
        return ut + network(layers, x) * ux - (0.01 / np.pi) * uxx

    def loss(layers, X):
        return jnp.mean(jax.vmap(residual, (None, 0))(layers, X) ** 2)

    return jax.value_and_grad(loss)


E1 = np.array([0.0, 1.0])


def second_hessian(layers, x):
    return jax.grad(network, 1)(layers, x), jax.hessian(network, 1)(layers, x)[1, 1]


def second_forward_reverse(layers, x):
    gradient, tangent = jax.jvp(lambda y: jax.grad(network, 1)(layers, y), (x,), (jnp.asarray(E1, x.dtype),))
    return gradient, tangent[1]


def second_forward_forward(layers, x):
    e0, e1 = (jnp.asarray(e, x.dtype) for e in (E1[::-1].copy(), E1))

    def along(y):
        return jax.jvp(lambda z: network(layers, z), (y,), (e1,))[1]

    ux, uxx = jax.jvp(along, (x,), (e1,))
    return (jax.jvp(lambda z: network(layers, z), (x,), (e0,))[1], ux), uxx


def burgers_batched(layers, X):
    """Whole-batch jvp of the sum trick's gradient."""

    def loss(layers):
        gradient = lambda y: jax.grad(lambda z: jnp.sum(network(layers, z)))(y)
        direction = jnp.broadcast_to(jnp.asarray(E1, X.dtype), X.shape)
        g, t = jax.jvp(gradient, (X,), (direction,))
        r = g[:, 0] + network(layers, X) * g[:, 1] - (0.01 / np.pi) * t[:, 1]
        return jnp.mean(r**2)

    return jax.value_and_grad(loss)(layers)


def burgers_taylor(layers, X):
    """By hand: value, both first derivatives and u_xx pushed forward together, one product per layer."""
    n = X.shape[0]

    def loss(layers):
        (kernel, bias), *rest = layers
        first = [X @ kernel + bias, *(jnp.broadcast_to(kernel[i], (n, kernel.shape[1])) for i in (0, 1))]
        z, zt, zx, zxx = *first, jnp.zeros_like(first[0])
        for kernel, bias in rest:
            value = jnp.tanh(z)
            slope = 1 - value * value
            stacked = jnp.stack([value, slope * zt, slope * zx, slope * (zxx - 2 * value * zx * zx)])
            z, zt, zx, zxx = stacked @ kernel
            z = z + bias
        r = zt + z * zx - (0.01 / np.pi) * zxx
        return jnp.mean(r**2)

    return jax.value_and_grad(loss)(layers)


# name -> function of one sample (mapped) or of a batch
MAPPED = {
    "value": {"plain": network},
    "gradient": {"plain": jax.value_and_grad(network, argnums=1)},
    "hessian": {"plain": jax.hessian(network, argnums=1), "linearize": hessian_linearize},
    "hvp": {"plain": hvp},
    "laplacian": {"plain": laplacian_trace, "linearize": laplacian_jvp},
}
BATCHED = {
    "value": {"batched": network},
    "gradient": {"batched": batch_gradient},
    "hessian": {"contracted by hand": contracted},
    "hvp": {"batched jvp": batch_hvp},
    "laplacian": {"forward Laplacian": forward_laplacian},
}
STEPS = {
    "plain": burgers(second_hessian),
    "forward over reverse": burgers(second_forward_reverse),
    "forward over forward": burgers(second_forward_forward),
    "batched jvp": burgers_batched,
    "Taylor by hand": burgers_taylor,
}

# A mapped Hessian of a whole batch keeps tens of arrays of N·(d + 1)·n numbers at once, a formula by hand a few.
WHOLE_LIMIT_BYTES = 6 * 2**30


def whole_fits(case, name):
    arrays = 4 if name in BATCHED[case["quantity"]] else 12
    numbers = case["N"] * (case["d"] + 1) * max(case["features"])
    return arrays * numbers * (4 if case["dtype"] == "float32" else 8) < WHOLE_LIMIT_BYTES


SHARDED = ", sharded"


def sharded(names, n, loop):
    """Equal shards of n samples, whole and in chunks; pointless with one device."""
    if peer.THREADS == 1 or n % peer.THREADS != 0:
        return []
    chunks = [f"{loop} {c}" for c in peer.few_chunks_of(n // peer.THREADS)]
    return [way + SHARDED for name in names for way in (name, *(f"{name}, {c}" for c in chunks))]


def recipes(case):
    quantity, n = case["quantity"], case["N"]
    few = peer.few_chunks_of(n)
    if quantity == "step":
        better = [name for name in STEPS if name != "plain"]
        return [
            *STEPS,
            *(f"{name}, lax.scan {c}" for name in better for c in few),
            *sharded(better, n, "lax.scan"),
        ]
    names = [*MAPPED[quantity], *BATCHED[quantity]]
    # Long batches: the whole at once only in the form users write first.
    whole = names if n <= 65536 else names[:1]
    found = [name for name in whole if whole_fits(case, name)]
    chunks = peer.chunks_of(n)
    for name in names:
        found += [f"{name}, lax.map {c}" for c in chunks]
    # Short batches are over before a second device has begun.
    return found + (sharded([name for name in names if name != "plain"], n, "lax.map") if n >= 1024 else [])


def prepare(recipe, case, layers, x, v):
    layers = [(jnp.asarray(k), jnp.asarray(b)) for k, b in layers]
    quantity = case["quantity"]
    step = quantity == "step"
    name, *ways = recipe.split(", ")
    chunk = next((int(way.split()[1]) for way in ways if way.startswith("lax.")), None)
    inputs = [jnp.asarray(x)] + ([jnp.asarray(v)] if quantity == "hvp" else [])
    if step:
        batch = STEPS[name]
    elif name in MAPPED[quantity]:
        batch = jax.vmap(MAPPED[quantity][name], (None, *(0 for _ in inputs)))
    else:
        batch = BATCHED[quantity][name]
    f = batch
    if chunk:
        f = lambda layers, *xs: (mean_of_chunks if step else in_chunks)(batch, layers, xs, chunk)
    if recipe.endswith(SHARDED):
        part = f
        f = jax.shard_map(
            (lambda *a: jax.lax.pmean(part(*a), "batch")) if step else part,
            mesh=MESH,
            in_specs=(SHARED, *(SPLIT for _ in inputs)),
            out_specs=SHARED if step else SPLIT,
            check_vma=False,
        )
        inputs = jax.device_put(inputs, NamedSharding(MESH, SPLIT))
        layers = jax.device_put(layers, NamedSharding(MESH, SHARED))
    f = jax.jit(f)
    run = lambda: jax.block_until_ready(f(layers, *inputs))
    if step:
        return run, lambda r: [np.asarray(r[0]).reshape(1), peer.flat_gradient(r[1])]
    return run, lambda r: list(r) if isinstance(r, tuple) else [r]


def mean_of_chunks(batch, layers, xs, chunk):
    """Loss and gradient chunk by chunk: those of a mean are means."""
    n = xs[0].shape[0] // chunk
    parts = tuple(a.reshape(n, chunk, *a.shape[1:]) for a in xs)
    zero = jax.tree.map(lambda a: jnp.zeros(a.shape, a.dtype), jax.eval_shape(batch, layers, *(a[0] for a in parts)))
    add = lambda total, c: (jax.tree.map(jnp.add, total, batch(layers, *c)), None)
    return jax.tree.map(lambda a: a / n, jax.lax.scan(add, zero, parts)[0])


def in_chunks(batch, layers, xs, chunk):
    """lax.map over whole chunks, then the rest: what lax.map's batch_size does, for functions of a batch."""
    n = xs[0].shape[0]
    whole = n // chunk * chunk
    head = jax.lax.map(lambda c: batch(layers, *c), tuple(a[:whole].reshape(-1, chunk, *a.shape[1:]) for a in xs))
    parts = [jax.tree.map(lambda a: a.reshape(whole, *a.shape[2:]), head)]
    if whole < n:
        parts.append(batch(layers, *(a[whole:] for a in xs)))
    return jax.tree.map(lambda *a: jnp.concatenate(a) if len(a) > 1 else a[0], *parts)


if __name__ == "__main__":
    versions = {"jax": jax.__version__, "jaxlib": jaxlib.__version__, "python": sys.version.split()[0]}
    again = peer.Again(NABLA_BENCH_DEVICES=str(peer.THREADS)) if DEVICES == 1 else None
    peer.serve(versions, recipes, prepare, again, lambda recipe: recipe.endswith(SHARDED))
