"""Prints native/random/log_table.h: reciprocals and logarithms for the natural logarithm of native/random/log.h.

The significand range [0.6875, 1.375) is cut into 128 intervals by the leading bits of the double. For the interval around
c the table holds 1/c rounded to a multiple of 2^-9 (so that the product with a significand loses at most 9 bits beyond
53, which one fma recovers) and -log of that rounded reciprocal as a sum of two doubles. The two intervals that touch 1
take the reciprocal 1, whose logarithm is 0: there the result is as small as its argument and must not cancel.

Usage: python3 scripts/tables/natural_log.py > native/random/log_table.h   (standard library only)
"""

import struct
from decimal import Decimal, getcontext
from fractions import Fraction

getcontext().prec = 80
INTERVALS = 128
OFFSET = 0x3FE6000000000000  # 0.6875


def from_bits(bits):
    return struct.unpack("<d", struct.pack("<Q", bits))[0]


def two_doubles(value):
    """value, a Decimal, as the nearest double and the double nearest to what is left."""
    high = float(value)
    return high, float(value - Decimal(high))


def row(i):
    low = from_bits(OFFSET + (i << 45))
    high = from_bits(OFFSET + ((i + 1) << 45))
    reciprocal = Fraction(1) if low == 1 or high == 1 else Fraction(round(512 * 2 / (Fraction(low) + Fraction(high))), 512)
    value = -(Decimal(reciprocal.numerator) / Decimal(reciprocal.denominator)).ln()
    high, low = two_doubles(value) if reciprocal != 1 else (0.0, 0.0)
    return f"    {{{float(reciprocal).hex()}, {high.hex()}, {low.hex()}}},"


print("// Made by scripts/tables/natural_log.py; see there for what it holds and why.")
print("#pragma once")
print()
print("namespace nabla::random {")
print()
print("struct LogRow {")
print("  double reciprocal;  // of a point near the middle of the interval, a multiple of 2^-9")
print("  double high, low;   // -log(reciprocal) = high + low")
print("};")
print()
print("inline constexpr LogRow kLogTable[128] = {")
for interval in range(INTERVALS):
    print(row(interval))
print("};")
print()
print("}  // namespace nabla::random")
