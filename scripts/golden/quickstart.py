"""Writes examples/quickstart-jax.ts: what JAX and Flax compute for the program of examples/quickstart.ts.

Usage: python scripts/golden/quickstart.py examples/quickstart-jax.ts   (jax 0.10.2, flax 0.12.8)

Initialised in float32, as the example does, then evaluated in float64, so that the example's own float32 error is what is left.
All 32 samples of the example are the same, so one row is enough.
"""

import sys

import flax.linen as nn
import jax
import jax.numpy as jnp

jax.config.update("jax_enable_x64", True)


class MLP(nn.Module):
    @nn.compact
    def __call__(self, x):
        for width in [20, 20, 20, 20, 20]:
            x = nn.tanh(nn.Dense(width, param_dtype=jnp.float32)(x))
        return nn.Dense(1, param_dtype=jnp.float32)(x)


model = MLP()
params = model.init(jax.random.PRNGKey(0), jnp.ones([32, 3], jnp.float32))
params = jax.tree.map(lambda p: p.astype(jnp.float64), params)


def u(params, x):
    return jnp.squeeze(model.apply(params, x))


X = jnp.ones([32, 3])
u_x = jax.vmap(jax.grad(u, argnums=1), in_axes=(None, 0))(params, X)
u_xx = jax.vmap(jax.hessian(u, argnums=1), in_axes=(None, 0))(params, X)
assert u_x.dtype == jnp.float64

with open(sys.argv[1], "w") as out:
    out.write("// Written by scripts/golden/quickstart.py with jax 0.10.2 and flax 0.12.8.\n\n")
    out.write("/** The gradient at x = (1, 1, 1), for every one of the 32 samples. */\n")
    out.write(f"export const jaxGradient = [{', '.join(map(repr, u_x[0].tolist()))}];\n\n")
    out.write("/** The Hessian there. */\n")
    rows = ",\n".join(f"  [{', '.join(map(repr, row))}]" for row in u_xx[0].tolist())
    out.write(f"export const jaxHessian = [\n{rows},\n];\n")
