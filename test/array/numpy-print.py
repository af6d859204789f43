"""Writes numpy-print.jsonl: arrays with numpy's str and repr of them, one case per line. Made with numpy 2.4."""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(0)
cases = []


def add(a, data=None):
    """`data` describes arrays too long to be written out: {"arange": n} or {"fill": x}."""
    a = np.asarray(a)
    if data is None:
        data = [repr(x) if isinstance(x, float) else int(x) for x in (y.item() for y in a.ravel())]
    text = str(a[()]) if a.shape == () else str(a)
    cases.append(dict(dtype=a.dtype.name, shape=list(a.shape), data=data, str=text, repr=repr(a)))


special = [0, -0.0, 1, -1, 0.1, 1 / 3, 1e-4, 9.9e-5, 1e-5, 1e5, 1e6, 1234567, 1e7, 1e8, 123456789, 1e15, 1e16, 1.5e16, 1e20,
           1e-30, np.nan, np.inf, -np.inf, np.pi, 2**-9, 3.0000001]
for dtype in (np.float32, np.float64):
    for x in special:
        add(np.array(x, dtype))
        add(np.array([x], dtype))
        add(np.array([[x, -2.5], [np.nan, 0.125]], dtype))
    for shape in ((0,), (0, 3), (2, 0)):
        add(np.zeros(shape, dtype))
    add(np.array([2**-9, 3 * 2**-9, 5 * 2**-9, 2**-10, 1 + 2**-9, 1 + 3 * 2**-9], dtype))
    add(np.arange(24).reshape(2, 3, 4).astype(dtype))
    add(np.arange(120).reshape(2, 3, 4, 5).astype(dtype) / dtype(7))
    add(np.ones((40, 40), dtype), {"fill": 1})
    add(np.ones((2, 3, 400), dtype), {"fill": 1})
    add(np.arange(1000).astype(dtype), {"arange": 1000})
    add(np.arange(1001).astype(dtype), {"arange": 1001})
    add(np.arange(1050).reshape(7, 5, 30).astype(dtype), {"arange": 1050})
    add(np.array([np.nan, np.nan], dtype))
    add(np.array([np.inf, -np.inf], dtype))
    add(np.array([-np.inf, 1e-9], dtype))
    largest, smallest = (1e300, 1e-310) if dtype == np.float64 else (1e30, 1e-42)
    add(np.array([largest, 1], dtype))
    add(np.array([smallest, 1], dtype))
    for trial in range(40):
        shape = tuple(rng.integers(1, 8, size=rng.integers(0, 4)))
        a = rng.normal(size=shape)
        match trial % 5:
            case 1:
                a = a * 10.0 ** rng.integers(-8, 10)
            case 2:
                a = np.round(a, 3)
            case 3:
                a = a * 10.0 ** rng.integers(-6, 6, size=shape)
            case 4:
                a = np.round(a * 512) / 512
        add(np.asarray(a, dtype))
for dtype in (np.int32, np.uint32, np.bool_):
    for a in (1, [1, 0], [], np.zeros((0, 2)), np.arange(60), np.arange(24).reshape(4, 6) % 3):
        add(np.asarray(a).astype(dtype))
    add(np.arange(2000).astype(dtype), {"arange": 2000})
add(np.array([-5, 100, 2**31 - 1], np.int32))
add(np.array([2**32 - 1, 0], np.uint32))

target = pathlib.Path(__file__).with_suffix(".jsonl")
target.write_text("".join(json.dumps(case, separators=(",", ":")) + "\n" for case in cases))
