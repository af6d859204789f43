// The exact solution of Burgers' equation with viscosity ν = 0.01/π from u(0, x) = −sin(πx), by the Cole–Hopf transformation.

export const viscosity = 0.01 / Math.PI;

/*
 * u = −∫ sin(π(x − az)) w(z) dz / ∫ w(z) dz with w(z) = exp(−z² − cos(π(x − az))/(2πν)) and a = 2√(νt) (Basdevant et al.,
 * Computers & Fluids, 1986). The cosine's part of the exponent lies in [−50, 50], so that the weight's largest value may be as far
 * out as z² = 100, and 16 standard widths more are below any double: |z| ≤ 16 holds all of it. For such an analytic, decaying
 * integrand the trapezoidal rule converges faster than any power of its step; with 0.1 rounding is all that is left.
 */
const extent = 16;
const step = 0.1;
const nodes = Array.from({ length: Math.round((2 * extent) / step) + 1 }, (_, i) => -extent + i * step);

/** u(t, x) for t ≥ 0 and x in [−1, 1]. */
export function burgersExact(t: number, x: number): number {
  if (t === 0) return -Math.sin(Math.PI * x);
  const a = 2 * Math.sqrt(viscosity * t);
  const exponents = nodes.map((z) => -z * z - Math.cos(Math.PI * (x - a * z)) / (2 * Math.PI * viscosity));
  const largest = Math.max(...exponents);
  let [above, below] = [0, 0];
  nodes.forEach((z, i) => {
    const w = Math.exp(exponents[i]! - largest);
    above += w * Math.sin(Math.PI * (x - a * z));
    below += w;
  });
  return -above / below;
}
