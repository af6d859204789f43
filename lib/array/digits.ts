/**
 * Shortest decimal digits of floating point numbers, laid out as numpy's Dragon4 routines lay them out: the fewest digits
 * that read back as the same float32 or float64, cut at `precision` digits behind the point.
 */

interface Decimal {
  readonly negative: boolean;
  /** Significant digits, the first in front of the point, no trailing zeros. */
  readonly digits: string;
  /** Power of ten of the first digit. */
  readonly exponent: number;
}

function parse(exponential: string, negative: boolean): Decimal {
  const [mantissa, exponent] = exponential.split('e') as [string, string];
  return { negative, digits: mantissa.replace('.', '').replace(/0+$/, '') || '0', exponent: Number(exponent) };
}

function shortest(x: number, single: boolean): Decimal {
  const negative = x < 0 || Object.is(x, -0);
  const magnitude = Math.abs(x);
  if (single) {
    // 9 significant digits tell every float32 apart, so the loop always returns from within.
    for (let behind = 0; behind < 9; behind++) {
      if (Math.fround(Number(magnitude.toExponential(behind))) === magnitude) {
        return roundExact(magnitude, behind, negative);
      }
    }
  }
  return parse(magnitude.toExponential(), negative);
}

/**
 * `x ≥ 0` rounded to `behind` digits after the first one. JavaScript rounds the exact value and takes the upper of two
 * equally near decimals; numpy takes the even one.
 */
function roundExact(x: number, behind: number, negative: boolean): Decimal {
  const text = x.toExponential(behind);
  // A tie has one digit more than asked for, a 5, and nothing after it; 90 digits show that nothing follows.
  const exact = x.toExponential(90);
  const rest = exact.slice(exact.indexOf('.') + 1 + behind, exact.indexOf('e'));
  const before = exact.slice(0, exact.indexOf('.') + 1 + behind).replace('.', '');
  if (/^50*$/.test(rest) && Number(before.at(-1)) % 2 === 0) {
    return parse(`${before[0]}.${before.slice(1)}e${exact.slice(exact.indexOf('e') + 1)}`, negative);
  }
  return parse(text, negative);
}

export interface Layout {
  /** Most digits behind the point; all that are needed if absent. */
  precision?: number;
  /** Digits behind the point are filled with zeros up to this many. */
  minDigits?: number;
}

/** `12.5`, `3.`: digits around a point that is always there. */
export function positional(x: number, single: boolean, { precision, minDigits = 0 }: Layout = {}): string {
  let decimal = shortest(x, single);
  if (precision !== undefined && decimal.digits.length - 1 - decimal.exponent > precision) {
    const behind = precision + decimal.exponent;
    // Below half a unit of the last place nothing is left but zero; at `behind` = −1 the rounding may still carry.
    if (behind >= 0) decimal = roundExact(Math.abs(x), behind, decimal.negative);
    else
      decimal = {
        ...decimal,
        digits: behind === -1 && Math.abs(x) * 10 ** precision > 0.5 ? '1' : '0',
        exponent: -precision,
      };
  }
  const { negative, digits, exponent } = decimal;
  const whole = exponent < 0 ? '0' : digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits === '0' ? '' : exponent < 0 ? '0'.repeat(-exponent - 1) + digits : digits.slice(exponent + 1);
  return `${negative ? '-' : ''}${whole}.${fraction.padEnd(minDigits, '0')}`;
}

/**
 * `1.25e+02`: the exponent signed and at least two digits wide. As in numpy, digits that `minDigits` asks for beyond the
 * shortest are those of the exact value, not zeros.
 */
export function scientific(
  x: number,
  single: boolean,
  { precision, minDigits = 0, exponentDigits = 2 }: Layout & { exponentDigits?: number } = {},
): string {
  let decimal = shortest(x, single);
  const behind = decimal.digits.length - 1;
  if (precision !== undefined && behind > precision) decimal = roundExact(Math.abs(x), precision, decimal.negative);
  else if (behind < minDigits) decimal = roundExact(Math.abs(x), minDigits, decimal.negative);
  const { negative, digits, exponent } = decimal;
  const power = String(Math.abs(exponent)).padStart(exponentDigits, '0');
  return `${negative ? '-' : ''}${digits[0]}.${digits.slice(1).padEnd(minDigits, '0')}e${exponent < 0 ? '-' : '+'}${power}`;
}
