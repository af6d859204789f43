/*
 * The functions JavaScript's Math lacks or rounds carelessly, in float64, for the reference interpreter.
 * The native kernels have their own, faster ones; tests compare the two.
 */

export const log1p = Math.log1p;
export const expm1 = Math.expm1;

/**
 * The error function, to about 1e-16 absolute: the Maclaurin series where it does not cancel (|x| < 2), else 1 − erfc.
 * Source: Abramowitz & Stegun 7.1.6, erf x = 2/√π·e^{−x²} Σ 2ⁿ x^{2n+1}/(2n+1)!!, whose terms are all of one sign.
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (Number.isNaN(x)) return x;
  if (a >= 2) return Math.sign(x) * (1 - erfc(a));
  let term = a;
  let total = a;
  for (let n = 1; term > total * 1e-17; n++) {
    term *= (2 * a * a) / (2 * n + 1);
    total += term;
  }
  return ((Math.sign(x) * 2) / Math.sqrt(Math.PI)) * Math.exp(-a * a) * total;
}

/**
 * The complementary error function, relatively accurate in the right tail: Lentz's evaluation of the continued fraction
 * erfc x = e^{−x²}/√π · 1/(x + (1/2)/(x + 1/(x + (3/2)/(x + …)))) (Abramowitz & Stegun 7.1.14) for x ≥ 2, else 1 − erf.
 */
export function erfc(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x < 2) return 1 - erf(x);
  if (x > 27.3) return 0; // below the smallest denormal
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (x + fraction); // 120 terms: converged to 1e-17 at x = 2
  return gaussian(x) / (Math.sqrt(Math.PI) * (x + fraction));
}

/** e^{−x²} without the loss of x²'s rounding: x = h + l with h short enough that h² is exact. */
function gaussian(x: number): number {
  const h = Math.fround(x);
  return Math.exp(-h * h) * Math.exp(-(x - h) * (x + h));
}
