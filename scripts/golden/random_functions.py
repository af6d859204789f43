"""Writes test/golden/random-functions.json: logarithms and values of erf rounded to nearest, from 60 digits.

Usage: python3 scripts/golden/random_functions.py test/golden/random-functions.json   (standard library only)

Arguments and results are bit patterns of float64, 16 hexadecimal digits each, in one string.
"""

import json
import math
import random
import struct
import sys
from decimal import Decimal, getcontext

getcontext().prec = 80
PI = Decimal("3.14159265358979323846264338327950288419716939937510582097494459230781640628620899862803482534")


def erf(x):
    """2/sqrt(pi) exp(-x^2) sum x (2 x^2)^n / (1 3 5 ..), in 80 digits."""
    x = Decimal(x)
    term = total = x
    n = 0
    while abs(term) > abs(total) * Decimal(10) ** -70:
        n += 1
        term = term * 2 * x * x / (2 * n + 1)
        total += term
    return float(2 / PI.sqrt() * (-x * x).exp() * total)


def patterns(values):
    return "".join(struct.pack(">d", value).hex() for value in values)


source = random.Random(1)
near_one = [1 + sign * 2.0**-k for k in range(1, 53) for sign in (1, -1)]
logs = [source.uniform(0, 0.6) for _ in range(1500)] + [source.uniform(0.6, 1.5) for _ in range(500)] + near_one[2:]
logs += [math.exp(source.uniform(-740, 700)) for _ in range(300)] + [5e-324, 2.0**-1022, 2.0**1023, 0.5, 2.0, 10.0]
erfs = [source.uniform(-6, 6) for _ in range(500)] + [source.choice([1, -1]) * 2.0 ** source.uniform(-40, 2.5) for _ in range(200)]
erfs += [k / 8 / math.sqrt(2) for k in range(-48, 49) if k != 0]
with open(sys.argv[1], "w") as file:
    json.dump(
        {
            "log": {"x": patterns(logs), "y": patterns(float(Decimal(x).ln()) for x in logs)},
            "erf": {"x": patterns(erfs), "y": patterns(erf(x) for x in erfs)},
        },
        file,
    )
    file.write("\n")
