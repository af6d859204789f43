"""Writes test/golden/optim.json: steps of optax's optimizers and values of its schedules.

Usage: python scripts/golden/optim.py test/golden/optim.json   (jax 0.10.2, optax 0.2.8)

Everything in float64. First-order optimizers get the same sequence of gradients of a tree of
parameters; after every step the updates and the whole state are kept. L-BFGS minimises Rosenbrock's function of six variables
and a sum of log cosh; parameters, value, step length and number of evaluations are kept after every step.
"""
import json
import sys

import jax

jax.config.update("jax_enable_x64", True)
import jax.numpy as jnp
import numpy as np
import optax

rng = np.random.default_rng(7)
params = {
    "params": {
        "Dense_0": {"bias": rng.normal(size=(3,)), "kernel": rng.normal(size=(2, 3))},
        "scale": rng.normal(size=()),
    }
}
# Entries of very different size, an exact zero among them, tell where an epsilon stands.
magnitudes = {"bias": np.array([1.0, 1e-6, 30.0]), "kernel": np.array([[0.1, 2.0, 0.0], [1e-3, 5.0, 1e-9]])}
gradients = [
    {
        "params": {
            "Dense_0": {k: rng.normal(size=v.shape) * v for k, v in magnitudes.items()},
            "scale": rng.normal(size=()),
        }
    }
    for _ in range(6)
]


def plain(tree):
    if isinstance(tree, dict):
        return {k: plain(v) for k, v in tree.items()}
    if hasattr(tree, "_asdict"):
        return {k: plain(v) for k, v in tree._asdict().items()} or None
    if isinstance(tree, (tuple, list)):
        return [plain(v) for v in tree]
    if tree is None:
        return None
    x = np.asarray(tree, dtype=np.float64)
    return {"shape": list(x.shape), "data": [float(v) for v in x.ravel()]}



def double(schedule):
    """optax counts in int32, which makes the schedule's value a float32; this keeps it in double precision."""
    return lambda count: schedule(count.astype(jnp.float64))


decay_mask = {"params": {"Dense_0": {"bias": False, "kernel": True}, "scale": False}}
optimizers = {
    "sgd": optax.sgd(0.1),
    "sgd momentum": optax.sgd(0.1, momentum=0.9),
    "sgd nesterov": optax.sgd(0.1, momentum=0.8, nesterov=True),
    "sgd schedule": optax.sgd(double(optax.exponential_decay(0.1, 2, 0.5))),
    "adam": optax.adam(1e-3),
    "adam options": optax.adam(double(optax.linear_schedule(1e-2, 1e-3, 4)), b1=0.8, b2=0.95, eps=1e-6, eps_root=1e-10),
    "adam nesterov": optax.adam(1e-3, nesterov=True),
    "adamw": optax.adamw(1e-3, weight_decay=0.02),
    "adamw mask": optax.adamw(1e-3, mask=decay_mask),
    "rmsprop": optax.rmsprop(1e-2),
    "rmsprop options": optax.rmsprop(
        1e-2, decay=0.8, eps=1e-4, initial_scale=0.3, eps_in_sqrt=False, bias_correction=True, momentum=0.9, nesterov=True
    ),
    "rmsprop centered": optax.rmsprop(1e-2, centered=True, initial_scale=1e3),
    "adagrad": optax.adagrad(0.1),
    "clip": optax.chain(optax.clip(0.5), optax.sgd(1.0)),
    "clipByGlobalNorm": optax.chain(optax.clip_by_global_norm(20.0), optax.adam(1e-2)),
    "scaleBySchedule": optax.chain(optax.trace(0.5), optax.scale_by_schedule(double(lambda n: 1.0 / (1.0 + n))), optax.scale(-2.0)),
}


def run(optimizer):
    state = optimizer.init(params)
    p = params
    steps = []
    for g in gradients:
        updates, state = optimizer.update(g, state, p)
        p = optax.apply_updates(p, updates)
        steps.append({"updates": plain(updates), "state": plain(state)})
    return {"steps": steps, "params": plain(p)}


schedules = {
    "constantSchedule": optax.constant_schedule(0.3),
    "linearSchedule": optax.linear_schedule(1.0, 0.1, 7, transition_begin=2),
    "polynomialSchedule": optax.polynomial_schedule(1.0, 0.1, 2.5, 9, 1),
    "exponentialDecay": optax.exponential_decay(0.5, 4, 0.7),
    "exponentialDecay staircase": optax.exponential_decay(0.5, 4, 0.7, transition_begin=3, staircase=True, end_value=0.2),
    "exponentialDecay growing": optax.exponential_decay(0.5, 4, 1.3, end_value=1.1),
    "cosineDecaySchedule": optax.cosine_decay_schedule(0.9, 10, alpha=0.1, exponent=1.5),
    "piecewiseConstantSchedule": optax.piecewise_constant_schedule(2.0, {3: 0.1, 8: 0.5}),
    "warmupConstantSchedule": optax.warmup_constant_schedule(0.0, 0.4, 5),
    "warmupCosineDecaySchedule": optax.warmup_cosine_decay_schedule(0.0, 1.0, 4, 12, end_value=0.05),
    "warmupExponentialDecaySchedule": optax.warmup_exponential_decay_schedule(0.1, 1.0, 3, 5, 0.6),
    "joinSchedules": optax.join_schedules([optax.constant_schedule(1.0), optax.linear_schedule(1.0, 0.0, 4)], [5]),
}


def rosenbrock(p):
    x = jnp.concatenate([p["a"], p["b"].ravel()])
    return jnp.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def logcosh(p):
    x = jnp.concatenate([p["a"], p["b"].ravel()])
    z = x * jnp.arange(1.0, 7.0) - 2.0
    return jnp.sum(z + jnp.log1p(jnp.exp(-2.0 * z))) + 0.05 * jnp.sum(x**2)


start = {"a": np.array([-1.2, 1.0]), "b": np.array([[0.3, -0.7], [2.0, 1.1]])}


def minimise(f, optimizer, steps):
    p, state = start, optimizer.init(start)
    value_and_grad = optax.value_and_grad_from_state(f)
    kept = []
    for _ in range(steps):
        value, grad = value_and_grad(p, state=state)
        updates, state = optimizer.update(grad, state, p, value=value, grad=grad, value_fn=f)
        p = optax.apply_updates(p, updates)
        search = state[-1]
        kept.append(
            {
                "params": plain(p),
                "value": float(search.value),
                "learningRate": float(search.learning_rate),
                "evaluations": int(search.info.num_linesearch_steps),
            }
        )
    return kept


minimisations = {
    "rosenbrock": minimise(rosenbrock, optax.lbfgs(), 30),
    "rosenbrock memory 3": minimise(rosenbrock, optax.lbfgs(memory_size=3), 30),
    "rosenbrock unscaled": minimise(rosenbrock, optax.lbfgs(scale_init_precond=False), 12),
    "logcosh": minimise(logcosh, optax.lbfgs(), 12),
    "logcosh gradient descent": minimise(
        logcosh, optax.chain(optax.sgd(1.0), optax.scale_by_zoom_linesearch(15, curv_rtol=0.1)), 10
    ),
}

json.dump(
    {
        "params": plain(params),
        "gradients": [plain(g) for g in gradients],
        "optimizers": {name: run(o) for name, o in optimizers.items()},
        "schedules": {name: [float(s(jnp.asarray(float(i)))) for i in range(16)] for name, s in schedules.items()},
        "start": plain(start),
        "minimisations": minimisations,
    },
    open(sys.argv[1], "w"),
    separators=(",", ":"),
)
