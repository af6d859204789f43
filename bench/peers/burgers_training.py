"""The training of examples/burgers.ts in JAX and optax: burgers_training.py TASK RESULT, both JSON files.

The residual is the form of jax_peer.py that was the fastest for a whole batch in double precision, u_xx forward over reverse.
Compiling is timed apart.
"""

import json
import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

jax.config.update("jax_enable_x64", True)

task = json.load(open(sys.argv[1]))
layers = [tuple(np.asarray(a, np.float64) for a in layer) for layer in task["layers"]]
viscosity = task["viscosity"]
E1 = np.array([0.0, 1.0])


def u(layers, x):
    y = x * np.array([2.0, 1.0]) - np.array([1.0, 0.0])
    for kernel, bias in layers[:-1]:
        y = jnp.tanh(y @ kernel + bias)
    kernel, bias = layers[-1]
    return (y @ kernel + bias)[0]


def residual(layers, x):
    (ut, ux), tangent = jax.jvp(lambda y: jax.grad(u, 1)(layers, y), (x,), (E1,))
    return ut + u(layers, x) * ux - viscosity * tangent[1]


values = jax.vmap(u, (None, 0))


def loss(layers, data):
    inside = jax.vmap(residual, (None, 0))(layers, data["interior"])
    edge = values(layers, data["boundary"])
    start = values(layers, data["initial"]) - data["initialValues"]
    return jnp.mean(inside**2) + 20 * jnp.mean(edge**2) + 20 * jnp.mean(start**2)


def points(part):
    shaped = lambda name: np.asarray(part[name], np.float64).reshape(-1, 2)
    arrays = {name: shaped(name) for name in ("interior", "boundary", "initial")}
    return {**arrays, "initialValues": np.asarray(part["initialValues"])}


grid, exact = np.asarray(task["grid"], np.float64).reshape(-1, 2), np.asarray(task["exact"])
all_values = jax.jit(values)


def error(layers):
    return float(np.linalg.norm(np.asarray(all_values(layers, grid)) - exact) / np.linalg.norm(exact))


def adam_step(optimizer):
    @jax.jit
    def step(layers, state, data):
        value, gradient = jax.value_and_grad(loss)(layers, data)
        updates, state = optimizer.update(gradient, state, layers)
        return optax.apply_updates(layers, updates), state, value

    return step


def lbfgs_step(optimizer):
    @jax.jit
    def step(layers, state, data):
        of = lambda p: loss(p, data)
        value, gradient = optax.value_and_grad_from_state(of)(layers, state=state)
        updates, state = optimizer.update(gradient, state, layers, value=value, grad=gradient, value_fn=of)
        return optax.apply_updates(layers, updates), state, value

    return step


adam = optax.adam(
    optax.exponential_decay(task["adam"]["learningRate"], task["adam"]["decaySteps"], task["adam"]["decayRate"])
)
lbfgs = optax.lbfgs(memory_size=task["memorySize"])
# One step function for all rounds, so that it is compiled once.
methods = {"adam": (adam, adam_step(adam)), "lbfgs": (lbfgs, lbfgs_step(lbfgs))}
counts = task["steps"]

errors, seconds, compiling, losses = [], [], [], []
spent = 0.0
for i, part in enumerate(task["parts"]):
    optimizer, step = methods["adam" if i == 0 else "lbfgs"]
    data = points(part)
    state = optimizer.init(layers)
    begin = time.perf_counter()
    compiled = step.lower(layers, state, data).compile()
    jax.block_until_ready(compiled(layers, state, data))
    compiling.append(time.perf_counter() - begin)
    begin = time.perf_counter()
    for _ in range(counts["adamSteps"] if i == 0 else counts["stepsPerRound"]):
        layers, state, value = compiled(layers, state, data)
        if not np.isfinite(float(value)):
            sys.exit(f"the loss is {value}")
        if len(losses) < task["comparedSteps"]:
            losses.append(float(value))
    jax.block_until_ready(layers)
    spent += time.perf_counter() - begin
    seconds.append(spent)
    errors.append(error(layers))

versions = {"jax": jax.__version__, "optax": optax.__version__}
result = {"versions": versions, "errors": errors, "seconds": seconds, "compiling": compiling, "losses": losses}
json.dump(result, open(sys.argv[2], "w"))
