/*
 * Sobol's direction numbers: a primitive polynomial over the field of two elements per axis, its coefficients as bits, and the odd
 * numbers m₁, m₂, … to begin with. Those of S. Joe and F. Kuo, "Constructing Sobol sequences with better two-dimensional
 * projections", SIAM J. Sci. Comput. 30 (2008), file new-joe-kuo-6, the first 32 axes; the first of all is i with its bits reversed.
 */
const table: readonly (readonly [polynomial: number, ...m: number[]])[] = [
  [3, 1],
  [7, 1, 3],
  [11, 1, 3, 1],
  [13, 1, 1, 1],
  [19, 1, 1, 3, 3],
  [25, 1, 3, 5, 13],
  [37, 1, 1, 5, 5, 17],
  [41, 1, 1, 5, 5, 5],
  [47, 1, 1, 7, 11, 19],
  [55, 1, 1, 5, 1, 1],
  [59, 1, 1, 1, 3, 11],
  [61, 1, 3, 5, 5, 31],
  [67, 1, 3, 3, 9, 7, 49],
  [91, 1, 1, 1, 15, 21, 21],
  [97, 1, 3, 1, 13, 27, 49],
  [103, 1, 1, 1, 15, 7, 5],
  [109, 1, 3, 1, 15, 13, 25],
  [115, 1, 1, 5, 5, 19, 61],
  [131, 1, 3, 7, 11, 23, 15, 103],
  [137, 1, 3, 7, 13, 13, 15, 69],
  [143, 1, 1, 3, 13, 7, 35, 63],
  [145, 1, 3, 5, 9, 1, 25, 53],
  [157, 1, 3, 1, 13, 9, 35, 107],
  [167, 1, 3, 1, 5, 27, 61, 31],
  [171, 1, 1, 5, 11, 19, 41, 61],
  [185, 1, 3, 5, 3, 3, 13, 69],
  [191, 1, 1, 7, 13, 1, 19, 1],
  [193, 1, 3, 7, 5, 13, 19, 59],
  [203, 1, 1, 3, 9, 25, 29, 41],
  [211, 1, 3, 5, 13, 23, 1, 55],
  [213, 1, 3, 7, 3, 13, 59, 17],
];

/** As many axes as there are numbers for. */
export const sobolAxes = table.length + 1;

/** The numbers v₁ … v₃₂ of an axis: the coordinate of point i is the exclusive or of those at the ones of i's Gray code, times 2⁻³². */
export function directions(axis: number): Uint32Array {
  const v = new Uint32Array(32);
  if (axis === 0) return v.map((_, j) => 2 ** (31 - j));
  const [polynomial, ...m] = table[axis - 1]!;
  const degree = m.length;
  for (let j = 0; j < 32; j++) {
    if (j < degree) {
      v[j] = m[j]! * 2 ** (31 - j);
      continue;
    }
    let next = v[j - degree]! ^ (v[j - degree]! >>> degree);
    for (let k = 1; k < degree; k++) if ((polynomial >>> (degree - k)) & 1) next ^= v[j - k]!;
    v[j] = next;
  }
  return v;
}
