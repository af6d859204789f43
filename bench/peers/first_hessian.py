"""A whole process of JAX: import, parameters, trace, compile, 32 Hessians of the seed's network."""
import json

import jax
import jax.numpy as jnp

widths = [3, 20, 20, 20, 20, 20, 1]
keys = jax.random.split(jax.random.PRNGKey(0), len(widths) - 1)
params = [(jax.random.normal(k, (a, b)) / a**0.5, jnp.zeros(b)) for k, a, b in zip(keys, widths, widths[1:])]


def u(params, x):
    for kernel, bias in params[:-1]:
        x = jnp.tanh(x @ kernel + bias)
    kernel, bias = params[-1]
    return (x @ kernel + bias)[0]


H = jax.jit(jax.vmap(jax.hessian(u, argnums=1), (None, 0)))(params, jnp.ones((32, 3)))
print(json.dumps({"shape": jax.block_until_ready(H).shape}))
