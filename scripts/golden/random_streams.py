"""Writes test/golden/random-streams.json: more of jax.random than test/golden/random.json has. Shapes of every kind, odd sizes,
both streams, bounds, integers and permutations, all as bit patterns.

Usage: python scripts/golden/random_streams.py test/golden/random-streams.json   (jax 0.10.2, on a CPU with FMA)

Patterns are one string of hexadecimal digits, 8 per 32-bit number and 16 per 64-bit number, most significant first. Large
arrays are given by the SHA-256 of their little-endian bytes.
"""

import hashlib
import json
import sys

import jax
import jax.numpy as jnp
import numpy as np

jax.config.update("jax_enable_x64", True)

FLOATS = {"float32": np.float32, "float64": np.float64}
SHAPES = [[], [0], [1], [2], [7], [33], [3, 5], [2, 3, 4], [513], [1025]]
FEW_SHAPES = [[], [1], [7], [3, 5], [33]]
BOUNDS = [(0.0, 1.0), (-3.0, 3.0), (0.1, 0.7), (1e-3, 1e3), (-1e30, 1e-30), (5.0, 5.0)]
CUTS = [(-2.0, 2.0), (-1.0, 1.0), (0.0, 1.0), (-1.5, 2.5), (-3.0, 3.0), (0.5, 5.0), (2.0, np.inf), (-np.inf, np.inf)]
LARGE = 1_000_003


def pattern(x):
    x = np.asarray(x)
    return x.astype(x.dtype.newbyteorder(">")).tobytes().hex()


def digest(x):
    return hashlib.sha256(np.asarray(x).tobytes()).hexdigest()


def words(x):
    return [int(word) for word in np.asarray(x).ravel()]


def number(x):
    return x if np.isfinite(x) else str(x)


def seeds():
    cases = []
    for seed in [0, 1, 42, 123456789, -1, -(2**31), 2**32 - 1, 2**32 + 5, -(2**32) - 5, 2**53 + 1, 2**63 - 1, -(2**63)]:
        keys = {"seed": str(seed), "x64": words(jax.random.PRNGKey(seed))}
        with jax.enable_x64(False):
            keys["default"] = words(jax.random.PRNGKey(seed))
        cases.append(keys)
    return cases


def stream(partitionable, seed):
    key = jax.random.PRNGKey(seed)
    random = jax.random
    case = {"partitionable": partitionable, "key": words(key)}
    case["split"] = [{"num": num, "keys": words(random.split(key, num))} for num in (0, 1, 2, 5, (2, 3))]
    case["fold_in"] = {str(data): words(random.fold_in(key, data)) for data in (0, 1, 65536, 2**31, 2**32 - 1)}
    case["arrays"] = []
    for shape in SHAPES if seed == 0 else FEW_SHAPES:
        entry = {"shape": shape, "bits32": pattern(random.bits(key, shape, np.uint32))}
        entry["bits64"] = pattern(random.bits(key, shape, np.uint64))
        for name, dtype in FLOATS.items():
            entry[name] = {
                "uniform": pattern(random.uniform(key, shape, dtype)),
                "normal": pattern(random.normal(key, shape, dtype)),
                "truncated_normal": pattern(random.truncated_normal(key, -2, 2, shape, dtype)),
            }
        case["arrays"].append(entry)
    case["uniform"] = [
        {"dtype": name, "minval": low, "maxval": high, "values": pattern(random.uniform(key, (97,), dtype, low, high))}
        for name, dtype in FLOATS.items()
        for low, high in BOUNDS
    ]
    case["truncated_normal"] = [
        {
            "dtype": name,
            "lower": number(low),
            "upper": number(high),
            "values": pattern(random.truncated_normal(key, low, high, (97,), dtype)),
        }
        for name, dtype in FLOATS.items()
        for low, high in CUTS
    ]
    case["boxes"] = []
    for name, dtype in FLOATS.items():
        # One pair of bounds per column, per row, and per element.
        for shape in ([3], [5, 1], [5, 3]):
            low = -2 + 0.25 * np.arange(int(np.prod(shape))).reshape(shape)
            high = np.array(2.5)
            case["boxes"].append(
                {
                    "dtype": name,
                    "shape": [5, 3],
                    "bounds_shape": shape,
                    "lower": low.ravel().tolist(),
                    "upper": 2.5,
                    "uniform": pattern(random.uniform(key, (5, 3), dtype, low, high)),
                    "truncated_normal": pattern(random.truncated_normal(key, low, high, (5, 3), dtype)),
                }
            )
    # glibc 2.36 rounds erf(-1.375 / sqrt 2) the other way than to nearest, so no bits are to be expected here.
    case["misrounded_erf"] = random.truncated_normal(key, -1.375, 2.5, (97,), np.float64).tolist()
    case["randint"] = [
        {"dtype": np.dtype(dtype).name, "minval": low, "maxval": high, "values": pattern(random.randint(key, (97,), low, high, dtype))}
        for dtype, low, high in [
            (np.int32, 0, 10),
            (np.int32, -7, 8),
            (np.int32, 0, 2**16),
            (np.int32, 3, 1_000_003),
            (np.int32, -(2**31), 2**31),
            (np.int32, -(2**31), 2**31 - 1),
            (np.uint32, 0, 2**32),
            (np.uint32, 5, 4_000_000_000),
        ]
    ]
    x2 = jnp.arange(20, dtype=np.float32).reshape(4, 5)
    case["permutation"] = [
        {"n": n, "values": words(random.permutation(key, jnp.arange(n, dtype=np.int32)))} for n in (0, 1, 2, 10, 1000)
    ]
    case["permutation_large"] = {"n": 5000, "digest": digest(random.permutation(key, jnp.arange(5000, dtype=np.int32)))}
    case["permutation_4x5"] = [
        {"axis": axis, "independent": independent, "values": words(random.permutation(key, x2, axis, independent))}
        for axis in (0, 1)
        for independent in (False, True)
    ]
    with jax.enable_x64(False):
        case["choice"] = [
            {"n": n, "shape": shape, "replace": replace, "values": words(random.choice(key, n, shape, replace))}
            for n, shape, replace in [(10, [], True), (10, [4, 3], True), (12, [4, 3], False), (1000, [5], False)]
        ]
        case["choice_4x5"] = [
            {"axis": axis, "replace": replace, "values": words(random.choice(key, x2, (3,), replace, axis=axis))}
            for axis in (0, 1)
            for replace in (True, False)
        ]
    return case


def large(partitionable):
    key = jax.random.PRNGKey(42)
    return {
        "partitionable": partitionable,
        "n": LARGE,
        "bits32": digest(jax.random.bits(key, (LARGE,), np.uint32)),
        "uniform_float32": digest(jax.random.uniform(key, (LARGE,), np.float32)),
        "uniform_float64": digest(jax.random.uniform(key, (LARGE,), np.float64)),
        "normal_float32": digest(jax.random.normal(key, (LARGE,), np.float32)),
        "truncated_normal_float32": digest(jax.random.truncated_normal(key, -2, 2, (LARGE,), np.float32)),
    }


def main(path):
    result = {"made_with": {"jax": jax.__version__}, "seeds": seeds(), "streams": [], "large": []}
    for partitionable in (True, False):
        with jax.threefry_partitionable(partitionable):
            result["streams"] += [stream(partitionable, seed) for seed in (0, 7, -1)]
            result["large"].append(large(partitionable))
    with open(path, "w") as file:
        json.dump(result, file, separators=(",", ":"))
        file.write("\n")


main(sys.argv[1])
