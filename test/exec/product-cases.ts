import { constant } from '../../lib/compile/program-writer.js';
import { at, lanesCase } from './case-builder.js';

/** Dense: shapes around tiles, transposed weights, bias on some columns, scale, accumulation, empty sums. */
export const dense = lanesCase(3, (b) => {
  const w = b.writer;
  b.open();
  const B = b.B;
  for (const [J, K, C] of [
    [1, 1, 1],
    [3, 2, 4],
    [8, 5, 1],
    [17, 9, 3],
    [5, 0, 2],
  ] as const) {
    const x = b.gathered([K, C]);
    const W = b.uniform([K, J]);
    const bias = b.uniform([J]);
    const scale = b.gathered([J, C]);
    const out = b.panel([J, C]);
    w.dense({ J, K, C, out, W, x });
    b.deliver([J, C], out);
    w.dense({ J, K, C, out, W, x, bias });
    w.dense({ accumulate: true, J, K, C, out, W, x, bias, biasColumns: 1, scale });
    b.deliver([J, C], out);
    // W^T: the same memory as [J, K]
    w.dense({ J, K, C, out, W: at(W.base, 1, K), x, scale });
    b.deliver([J, C], out);
    // One scale for all columns, and the sums before it.
    const plain = b.panel([J, C]);
    w.dense({ J, K, C, out, W, x, bias, scale: at(scale.base, scale.strides[0]!, 0), plain });
    b.deliver([J, C], out);
    b.deliver([J, C], plain);
    // every other column of a wider result, columns before rows
    const wide = b.panel([2 * C, J]);
    w.elementwise('copy', [2 * C, J], wide, [at(constant(w.constant(7)), 0, 0)]);
    w.dense({ accumulate: true, J, K, C, out: at(wide.base, B, 2 * J * B), W, x });
    b.deliver([2 * C, J], wide);
  }
});

/** Products whose x has rows far apart, and so many of them that the kernels put them together. */
export const farRows = lanesCase(15, (b) => {
  const w = b.writer;
  b.open();
  const [J, K, C] = [75, 400, 3];
  const wide = b.gathered([K, 7]);
  const x = at(wide.base, 7 * b.B, 3 * b.B);
  const W = b.uniform([K, J]);
  const weight = b.gathered([J]);
  const out = b.panel([J, C]);
  w.dense({ J, K, C, out, W, x });
  b.deliver([J, C], out);
  const gram = b.panel([C, C]);
  w.denseGram({ J, K, C, gram, W, x, weight, out });
  b.deliver([J, C], out);
  b.deliver([C, C], gram);
});

export const contract = lanesCase(4, (b) => {
  const w = b.writer;
  b.open();
  const B = b.B;
  const [R, S, I, J, K] = [2, 3, 4, 5, 6];
  const a = b.gathered([R, S, I, K]);
  const c = b.gathered([R, S, J, K]);
  const weights = b.gathered([R, S, K]);
  const uniformA = b.uniform([R, S, I, K]);
  const uniformW = b.uniform([R, S, K]);
  const full = b.panel([R, S, I, J]);
  w.contract({ dims: [R, S], I, J, K, out: full, a, b: c });
  b.deliver([R, S, I, J], full);
  w.contract({ accumulate: true, dims: [R, S], I, J, K, out: full, a, b: c, w: weights });
  w.contract({ accumulate: true, dims: [R, S], I, J, K, out: full, a: uniformA, b: c, w: uniformW });
  b.deliver([R, S, I, J], full);
  // summed over r, then over r and s, with and without weights
  const some = b.panel([S, I, J]);
  w.contract({ dims: [R, S], I, J, K, out: at(some.base, 0, I * J * B, J * B, B), a, b: c, w: weights });
  b.deliver([S, I, J], some);
  const one = b.panel([I, J]);
  w.contract({ dims: [R, S], I, J, K, out: at(one.base, 0, 0, J * B, B), a, b: c, w: weights });
  w.contract({ accumulate: true, dims: [R, S], I, J, K, out: at(one.base, 0, 0, J * B, B), a: uniformA, b: c });
  b.deliver([I, J], one);
  // symmetric, with the contracted axis first in memory
  const gram = b.panel([I, I]);
  const columns = at(a.base, S * I * K * B, I * K * B, K * B, B);
  const symmetric = { symmetric: true, dims: [R, S], I, J: I, K, a: columns, b: columns };
  w.contract({ ...symmetric, out: at(gram.base, 0, 0, I * B, B), w: weights });
  b.deliver([I, I], gram);
  w.contract({ ...symmetric, accumulate: true, out: at(gram.base, 0, 0, I * B, B) });
  b.deliver([I, I], gram);
  // a dot product, and empty sums
  const dot = b.panel([]);
  w.contract({
    dims: [R, S, I],
    I: 1,
    J: 1,
    K,
    out: at(dot.base, 0, 0, 0, 9, 9),
    a: at(a.base, S * I * K * B, I * K * B, K * B, 0, B),
    b: at(a.base, S * I * K * B, I * K * B, K * B, 0, B),
  });
  b.deliver([], dot);
  w.contract({ dims: [], I, J, K: 0, out: one, a: at(a.base, 0, 0), b: at(a.base, 0, 0) });
  b.deliver([I, J], one);
  w.contract({
    dims: [0],
    I,
    J,
    K,
    out: at(one.base, 0, J * B, B),
    a: at(a.base, 0, K * B, B),
    b: at(a.base, 0, 0, B),
  });
  b.deliver([I, J], one);
});

/** Products contracted with themselves: every number of columns, rows around tiles, all that may be absent. */
export const denseGram = lanesCase(14, (b) => {
  const w = b.writer;
  b.open();
  for (const [J, K, C] of [
    [1, 1, 1],
    [20, 3, 1],
    [9, 5, 2],
    [20, 20, 3],
    [5, 0, 3],
    [31, 7, 4],
  ] as const) {
    const x = b.gathered([K, C]);
    const W = b.uniform([K, J]);
    const weight = b.gathered([J]);
    const weight2 = b.gathered([J]);
    const scale = b.gathered([J]);
    const gram = b.panel([C, C]);
    const out = b.panel([J, C]);
    w.denseGram({ J, K, C, gram, W, x, weight });
    b.deliver([C, C], gram);
    w.denseGram({ accumulate: true, J, K, C, factor: -2, gram, W, x, weight, weight2, scale, out });
    b.deliver([C, C], gram);
    b.deliver([J, C], out);
    // W^T, the result with columns before rows and not scaled
    const turned = b.panel([C, J]);
    w.denseGram({
      ...{ J, K, C, factor: 0.5, gram, W: at(W.base, 1, K), x, weight, weight2 },
      out: at(turned.base, b.B, J * b.B),
    });
    b.deliver([C, C], gram);
    b.deliver([C, J], turned);
  }
});
