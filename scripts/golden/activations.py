"""Writes test/golden/activations.json: jax.nn's activations with their first two derivatives, in float64.

Usage: python scripts/golden/activations.py test/golden/activations.json   (jax 0.10.2)
"""

import json
import sys

import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)

FUNCTIONS = {
    "tanh": jnp.tanh,
    "sin": jnp.sin,
    "sigmoid": jax.nn.sigmoid,
    "softplus": jax.nn.softplus,
    "silu": jax.nn.silu,
    "geluErf": lambda x: jax.nn.gelu(x, approximate=False),
    "geluTanh": jax.nn.gelu,
    "gelu": jax.nn.gelu,
    "elu": jax.nn.elu,
    "relu": jax.nn.relu,
    "identity": jax.nn.identity,
}
POINTS = [0.0, 1e-9, -1e-9, 1e-3, -1e-3, 0.1, -0.1, 0.5, -0.5, 1.0, -1.0, 2.3, -2.3, 5.0, -5.0, 9.0, -9.0, 20.0, -20.0, 40.0, -40.0]


def derivatives(f):
    x = jnp.array(POINTS)
    return {
        "value": f(x).tolist(),
        "first": jax.vmap(jax.grad(f))(x).tolist(),
        "second": jax.vmap(jax.grad(jax.grad(f)))(x).tolist(),
    }


with open(sys.argv[1], "w") as file:
    functions = {name: derivatives(f) for name, f in FUNCTIONS.items()}
    json.dump({"made_with": {"jax": jax.__version__}, "points": POINTS, "functions": functions}, file)
    file.write("\n")
