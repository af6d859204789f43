"""Writes test/golden/initialisers.json: the initialisers of jax.nn.initializers, and Flax's Dense and MLPs with options.

Usage: python scripts/golden/initialisers.py test/golden/initialisers.json   (jax 0.10.2, flax 0.12.8, on a CPU with FMA)

Patterns are one string of hexadecimal digits, 8 per float32 and 16 per float64, most significant first.
"""

import json
import sys
from typing import Any, Sequence

import flax
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

INITIALISERS = {
    "zeros": lambda: jax.nn.initializers.zeros,
    "ones": lambda: jax.nn.initializers.ones,
    "constant": lambda value: jax.nn.initializers.constant(value),
    "uniform": lambda *a: jax.nn.initializers.uniform(*a),
    "normal": lambda *a: jax.nn.initializers.normal(*a),
    "truncatedNormal": lambda stddev: jax.nn.initializers.truncated_normal(stddev),
    "varianceScaling": lambda *a: jax.nn.initializers.variance_scaling(*a),
    "lecunNormal": jax.nn.initializers.lecun_normal,
    "lecunUniform": jax.nn.initializers.lecun_uniform,
    "glorotNormal": jax.nn.initializers.glorot_normal,
    "glorotUniform": jax.nn.initializers.glorot_uniform,
    "xavierNormal": jax.nn.initializers.xavier_normal,
    "xavierUniform": jax.nn.initializers.xavier_uniform,
    "heNormal": jax.nn.initializers.he_normal,
    "heUniform": jax.nn.initializers.he_uniform,
    "kaimingNormal": jax.nn.initializers.kaiming_normal,
    "kaimingUniform": jax.nn.initializers.kaiming_uniform,
}
CALLS = [(name, []) for name in INITIALISERS if name not in ("constant", "truncatedNormal", "varianceScaling")]
CALLS += [("constant", [-0.7]), ("uniform", [10.0]), ("normal", [0.3]), ("truncatedNormal", [0.1])]
CALLS += [
    ("varianceScaling", [scale, mode, distribution])
    for scale, mode in [(2.5, "fan_in"), (1.0, "fan_out"), (0.1, "fan_avg"), (1.0, "fan_geo_avg")]
    for distribution in ("truncated_normal", "normal", "uniform")
]
SHAPES = [(1, 1), (3, 5), (7, 4), (2, 3, 5)]


def pattern(x):
    x = np.asarray(x)
    return x.astype(x.dtype.newbyteorder(">")).tobytes().hex()


def initialisers():
    key = jax.random.PRNGKey(11)
    cases = []
    for name, arguments in CALLS:
        for dtype in (np.float32, np.float64):
            initialise = INITIALISERS[name](*arguments)
            values = {json.dumps(shape): pattern(initialise(key, shape, dtype)) for shape in SHAPES}
            cases.append({"name": name, "arguments": arguments, "dtype": np.dtype(dtype).name, "values": values})
    axes = jax.nn.initializers.variance_scaling(1.0, "fan_in", "normal", in_axis=(0, 1), out_axis=3, batch_axis=2)
    return {"key": [0, 11], "cases": cases, "axes": pattern(axes(key, (2, 3, 4, 5), np.float32))}


class MLP(nn.Module):
    features: Sequence[int]
    options: Any

    @nn.compact
    def __call__(self, x):
        for features in self.features[:-1]:
            x = jnp.tanh(nn.Dense(features, **self.options)(x))
        return nn.Dense(self.features[-1], **self.options)(x)


class Outer(nn.Module):
    features: Sequence[int]

    def setup(self):
        self.net = MLP(self.features, {})

    def __call__(self, x):
        return self.net(x)


def tree(params):
    if isinstance(params, dict):
        return {name: tree(value) for name, value in params.items()}
    return {"shape": list(params.shape), "dtype": params.dtype.name, "values": pattern(params)}


def models():
    initializers = jax.nn.initializers
    cases = []

    def add(name, seed, inputs, module, options=None, init=None):
        x = jnp.ones((2, inputs))
        params = module.init(jax.random.PRNGKey(seed), x)["params"]
        cases.append({"name": name, "seed": seed, "inputs": inputs, "options": options or {}, "init": init or {}, "params": tree(params)})

    add("MLP", 3, 2, MLP([4, 3], dict(kernel_init=initializers.he_normal(), bias_init=initializers.normal(0.1))),
        {"features": [4, 3], "kernelInit": "heNormal", "biasInit": ["normal", 0.1]})
    add("MLP", -5, 4, MLP([1], {}), {"features": [1]})
    add("MLP", 2**32 + 9, 3, MLP([6, 2], dict(use_bias=False, kernel_init=initializers.glorot_uniform())),
        {"features": [6, 2], "useBias": False, "kernelInit": "glorotUniform"})
    add("MLP", 0, 3, MLP([2] * 12, dict(param_dtype=jnp.float64, bias_init=initializers.uniform(1.0))),
        {"features": [2] * 12, "dtype": "float64", "biasInit": ["uniform", 1.0]})
    add("Dense", 0, 3, nn.Dense(20), {"features": 20})
    add("Dense", 1, 3, nn.Dense(5, bias_init=initializers.lecun_normal(in_axis=0, out_axis=()), param_dtype=jnp.float64),
        {"features": 5, "dtype": "float64", "biasInit": ["lecunNormal", {"inAxis": 0, "outAxis": []}]})
    with jax.threefry_partitionable(False):
        add("MLP", 0, 3, MLP([20, 20, 1], {}), {"features": [20, 20, 1]}, {"partitionable": False})
    flax.config.update("flax_fix_rng_separator", True)
    add("MLP", 0, 3, MLP([5, 1], dict(bias_init=initializers.normal(1.0))),
        {"features": [5, 1], "biasInit": ["normal", 1.0]}, {"rngSeparator": True})
    flax.config.update("flax_fix_rng_separator", False)
    nested = Outer([5, 2]).init(jax.random.PRNGKey(4), jnp.ones((2, 3)))["params"]["net"]
    cases.append({"name": "MLP", "seed": 4, "inputs": 3, "options": {"features": [5, 2]}, "init": {"path": ["net"]}, "params": tree(nested)})
    return cases


def main(path):
    result = {"made_with": {"jax": jax.__version__, "flax": flax.__version__}}
    result["initialisers"] = initialisers()
    result["models"] = models()
    with open(path, "w") as file:
        json.dump(result, file, separators=(",", ":"))
        file.write("\n")


main(sys.argv[1])
