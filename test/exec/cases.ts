import { ActivationOp, arity, Op } from '../../lib/compile/opcodes.js';
import { constant, type Operand, output, panel, input as readInput, shared } from '../../lib/compile/program-writer.js';
import { at, type CaseMaker, flatCase, lanesCase } from './case-builder.js';
import { contract, dense, denseGram, farRows } from './product-cases.js';

/** Every elementwise function over panels, in place and not. */
const everyOp = lanesCase(1, (b) => {
  b.open();
  const x = b.gathered([5], 3);
  const y = b.gathered([5]);
  const positive = b.panel([5]);
  b.writer.elementwise('abs', [5], positive, [x]);
  const domain: Partial<Record<Op, Operand>> = { log: positive, log1p: positive, sqrt: positive, pow: positive };
  for (const op of Object.keys(Op) as Op[]) {
    const out = b.panel([5]);
    const first = domain[op] ?? x;
    b.writer.elementwise(op, [5], out, [first, y, x].slice(0, arity(op)));
    b.deliver([5], out);
  }
  b.writer.elementwise('add', [5], x, [x, x]);
  b.writer.elementwise('fma', [5], x, [x, y, x]);
  b.deliver([5], x);
});

/** Every activation with its derivative, and in place. */
const activations = lanesCase(1, (b) => {
  b.open();
  const x = b.gathered([7], 3);
  for (const op of Object.keys(ActivationOp) as ActivationOp[]) {
    const [value, slope] = [b.panel([7]), b.panel([7])];
    b.writer.activation(op, 7, x, value, slope);
    b.deliver([7], value);
    b.deliver([7], slope);
  }
  const slope = b.panel([7]);
  b.writer.activation('tanh', 7, x, x, slope);
  b.deliver([7], x);
  b.deliver([7], slope);
});

/** Broadcasts, transposes, slices, uniform and constant operands: what merging of axes has to get right. */
const elementwiseLayouts = lanesCase(2, (b) => {
  const w = b.writer;
  b.open();
  const [I, J, K] = [3, 4, 5];
  const x = b.gathered([I, J, K]);
  const row = b.gathered([K]);
  const column = b.gathered([I]);
  const matrix = b.uniform([I, J, K]);
  const vector = b.uniform([J]);
  const half = w.constant(0.5);
  const B = b.B;
  const out = b.panel([I, J, K]);
  const base = (operand: Operand) => operand.base;
  // x + row[k]
  w.elementwise('add', [I, J, K], out, [x, at(base(row), 0, 0, B)]);
  b.deliver([I, J, K], out);
  // transposed result: out[k, j, i] = x[i, j, k] * column[i]
  const transposed = b.panel([K, J, I]);
  w.elementwise('mul', [I, J, K], at(base(transposed), B, I * B, I * J * B), [x, at(base(column), B, 0, 0)]);
  b.deliver([K, J, I], transposed);
  // uniform operands
  w.elementwise('fma', [I, J, K], out, [x, matrix, at(base(vector), 0, 1, 0)]);
  w.elementwise('mul', [I, J, K], out, [out, at(constant(half), 0, 0, 0)]);
  b.deliver([I, J, K], out);
  // all uniform into a panel
  w.elementwise('mul', [I, J, K], out, [matrix, at(base(vector), 0, 1, 0)]);
  b.deliver([I, J, K], out);
  // a slice [1:3, 1:4, 2] doubled in place
  const slice = panel(base(out).offset + (1 * J * K + 1 * K + 2) * B);
  w.elementwise('add', [2, 3], at(slice, J * K * B, K * B), [at(slice, J * K * B, K * B), at(slice, J * K * B, K * B)]);
  b.deliver([I, J, K], out);
  // rank 0, rank 6 with ones, and an empty shape that must do nothing
  w.elementwise('copy', [], at(base(out)), [at(constant(half))]);
  w.elementwise('neg', [1, I, 1, J, 1, K], at(base(transposed), 7, J * K * B, 9, K * B, 3, B), [
    at(base(out), 0, J * K * B, 0, K * B, 0, B),
  ]);
  w.elementwise('copy', [0, 4], at(base(out), B, B), [at(constant(half), 0, 0)]);
  b.deliver([I, J, K], at(base(transposed), J * K * B, K * B, B));
});

const reduceSum = lanesCase(5, (b) => {
  const w = b.writer;
  b.open();
  const B = b.B;
  const [I, J, K] = [3, 4, 5];
  const dims = [I, J, K];
  const x = b.gathered(dims);
  for (const keep of [[], [0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]]) {
    const kept = keep.map((d) => dims[d]!);
    const out = b.panel(kept);
    const strides = dims.map((_, d) => (keep.includes(d) ? out.strides[keep.indexOf(d)]! : 0));
    w.reduceSum(dims, at(out.base, ...strides), x);
    b.deliver(kept, out);
  }
  const out = b.panel([K, I]);
  w.reduceSum(dims, at(out.base, B, 0, I * B), x);
  b.deliver([K, I], out);
  w.reduceSum([I, 0], at(out.base, B, 0), at(x.base, B, B));
  b.deliver([I], at(out.base, B));
});

/** Every dtype in and out, lanes far apart and close together, the same sample for all lanes, uniform scratch. */
const moves = lanesCase(6, (b) => {
  const w = b.writer;
  const N = b.N;
  const scratch = w.reserveShared(N * 6 + 6);
  b.open();
  for (const dtype of ['float32', 'float64', 'int32', 'uint32', 'bool'] as const) {
    const source = b.data(2 * N * 6 + 6, dtype);
    const x = b.panel([2, 3]);
    w.gather([2, 3], x, at(readInput(source, 1), 3, 1), 6);
    const y = b.panel([2, 3]);
    // samples contiguous: [2, 3, N]
    w.gather([2, 3], y, at(readInput(source), 3 * N, N), 1);
    const z = b.panel([2, 3]);
    w.gather([2, 3], z, at(readInput(source, 2), 0, 1), 0);
    for (const target of ['float32', 'float64', 'int32', 'bool'] as const) {
      const out = w.output(target, 3 * N * 6);
      w.scatter([2, 3], x, at(output(out), 3, 1), 6);
      w.scatter([2, 3], y, at(output(out, N * 6), 3 * N, N), 1);
      w.scatter([2, 3], z, at(output(out, 2 * N * 6), 1, 2), 6);
    }
  }
  const same = b.data(1);
  const spread = w.output(b.dtype, N);
  w.scatter([], at(readInput(same)), at(output(spread)), 1);
  const x = b.gathered([2, 3]);
  w.scatter([2, 3], x, at(shared(scratch), 3, 1), 6);
  b.open();
  const y = b.panel([6]);
  w.gather([6], y, at(shared(scratch), 1), 6);
  w.elementwise('add', [6], y, [y, at(constant(w.constant(1)), 0)]);
  b.deliver([6], y);
});

const sums = lanesCase(7, (b) => {
  const w = b.writer;
  const [R, I, J] = [3, 4, 5];
  const scratch = w.reserveShared(8);
  const total = 2 + I + R * I + I * J + R * I * J + I * J;
  b.open(total);
  const B = b.B;
  const a = b.gathered([R, I]);
  const c = b.gathered([R, J]);
  const u = b.uniform([R, I]);
  let offset = 0;
  const take = (elements: number) => {
    offset += elements;
    return offset - elements;
  };
  w.laneSum([], { offset: take(1), strides: [] }, at(a.base));
  w.laneSum([R, I], { offset: take(1), strides: [0, 0] }, a);
  w.laneSum([R, I], { offset: take(I), strides: [0, 1] }, a);
  const perRow = take(R * I);
  w.laneSum([R, I], { offset: perRow, strides: [1, R] }, a);
  w.laneSum([R, I], { offset: perRow, strides: [1, R] }, u);
  w.outerSum([R], I, J, { offset: take(I * J), strides: [0, J, 1] }, { a, b: c });
  w.outerSum([R], I, J, { offset: take(R * I * J), strides: [I * J, J, 1] }, { a, b: c });
  const outer = take(I * J);
  w.outerSum([], I, J, { offset: outer, strides: [1, I] }, { a: at(u.base, 1), b: at(c.base, B) });
  // several products in one, of panels and of a panel and a shared array
  const varying = { a: at(a.base, B), b: at(c.base, B) };
  w.outerSum([], I, J, { offset: outer, strides: [1, I] }, varying, { a: at(u.base, 1), b: at(c.base, B) });
  w.outerSum([], I, J, { offset: outer, strides: [1, I] }, varying, { a: at(c.base, B), b: at(a.base, 0) }, varying);
  w.outerSum([2], I, J, { offset: outer, strides: [0, 1, I] }, { a: at(a.base, 0, B), b: at(u.base, 0, 0) });
  const out = w.output(b.dtype, total);
  w.final(0, total, output(out));
  w.final(2, 4, shared(scratch));
  w.final(2, 4, shared(scratch + 4), 0.5);
  w.final(3, 2, shared(scratch), -2);
  // The sums are read by a later loop.
  b.open();
  const x = b.gathered([4]);
  w.elementwise('mul', [4], x, [x, at(shared(scratch), 1)]);
  w.elementwise('add', [4], x, [x, at(shared(scratch + 4), 1)]);
  b.deliver([4], x);
});

const flatElementwise = flatCase(8, (b, n) => {
  const w = b.writer;
  const x = b.data(n * 6);
  const row = b.data(6);
  w.flatLoop();
  const s = w.reserveShared(n * 6);
  const out = w.output(b.dtype, n * 6);
  w.elementwise('add', [n, 6], at(shared(s), 6, 1), [at(readInput(x), 6, 1), at(readInput(row), 0, 1)]);
  // transposed into [6, n], and back in place
  w.elementwise('mul', [n, 6], at(output(out), 1, n), [at(shared(s), 6, 1), at(readInput(row), 0, 1)]);
  w.elementwise('tanh', [6, n], at(output(out), n, 1), [at(output(out), n, 1)]);
  const every = w.output(b.dtype, Math.ceil(n / 2));
  w.elementwise('copy', [Math.ceil(n / 2)], at(output(every), 1), [at(readInput(x), 12)]);
});

const flatProducts = flatCase(9, (b, n) => {
  const w = b.writer;
  const [J, K, C] = [7, n, 3];
  const W = b.uniform([K, J]);
  const x = b.uniform([K, C]);
  const bias = b.uniform([J]);
  const scale = b.uniform([J, C]);
  w.flatLoop();
  const out = w.output(b.dtype, J * C);
  const target = at(output(out), C, 1);
  w.dense({ J, K, C, out: target, W, x, bias, biasColumns: 2 });
  w.dense({ accumulate: true, J, K, C, out: target, W, x, bias, scale });
  const grams = w.output(b.dtype, J * J);
  const columns = at(W.base, 1, J);
  w.contract({ symmetric: true, dims: [], I: J, J, K, out: at(output(grams), J, 1), a: columns, b: columns });
  const weighted = w.output(b.dtype, J * C);
  w.contract({
    dims: [],
    I: J,
    J: C,
    K,
    out: at(output(weighted), 1, J),
    a: columns,
    b: at(x.base, 1, C),
    w: at(x.base, C),
  });
});

const flatSums = flatCase(10, (b, n) => {
  const w = b.writer;
  const x = b.uniform([3, n, 2]);
  w.flatLoop();
  const out = w.output(b.dtype, 1 + 3 + 2 + 6 + n + 3 * n);
  w.reduceSum([3, n, 2], at(output(out), 0, 0, 0), x);
  w.reduceSum([3, n, 2], at(output(out, 1), 1, 0, 0), x);
  w.reduceSum([3, n, 2], at(output(out, 4), 0, 0, 1), x);
  w.reduceSum([3, n, 2], at(output(out, 6), 1, 0, 3), x);
  w.reduceSum([3, n, 2], at(output(out, 12), 0, 1, 0), x);
  w.reduceSum([3, n, 2], at(output(out, 12 + n), n, 1, 0), x);
});

const flatMoves = flatCase(11, (b, n) => {
  const w = b.writer;
  w.flatLoop();
  const s = w.reserveShared(n * 2);
  for (const dtype of ['float32', 'float64', 'int32', 'uint32', 'bool'] as const) {
    const x = b.data(n * 2, dtype);
    w.gather([2, n], at(shared(s), 1, 2), at(readInput(x), n, 1), 0);
    for (const target of ['float32', 'float64', 'int32', 'bool'] as const) {
      w.scatter([n, 2], at(shared(s), 2, 1), at(output(w.output(target, n * 2)), 1, n), 0);
      w.scatter([n, 2], at(constant(w.constant(2)), 0, 0), at(output(w.output(target, n * 2)), 2, 1), 0);
    }
  }
});

/** A two-layer network with its parameter gradient: gather, dense, tanh, reverse, sums, all in one loop. */
const network = lanesCase(12, (b) => {
  const w = b.writer;
  const [d, n] = [3, 20];
  const W1 = b.uniform([d, n]);
  const b1 = b.uniform([n]);
  const W2 = b.uniform([n, 1]);
  b.open(d * n + n + n);
  const x = b.gathered([d]);
  const z = b.panel([n]);
  w.dense({ J: n, K: d, C: 1, out: at(z.base, b.B, b.B), W: W1, x: at(x.base, b.B, b.B), bias: b1 });
  w.elementwise('tanh', [n], z, [z]);
  const y = b.panel([1]);
  w.dense({ J: 1, K: n, C: 1, out: at(y.base, b.B, b.B), W: W2, x: at(z.base, b.B, b.B) });
  b.deliver([1], y);
  const derivative = b.panel([n]);
  const minusOne = at(constant(w.constant(-1)), 0);
  const one = at(constant(w.constant(1)), 0);
  w.elementwise('square', [n], derivative, [z]);
  w.elementwise('fma', [n], derivative, [derivative, minusOne, one]);
  const adjoint = b.panel([n]);
  w.dense({
    J: n,
    K: 1,
    C: 1,
    out: at(adjoint.base, b.B, b.B),
    W: at(W2.base, 1, 1),
    x: at(y.base, b.B, b.B),
    scale: at(derivative.base, b.B, b.B),
  });
  w.outerSum([], d, n, { offset: 0, strides: [n, 1] }, { a: x, b: adjoint });
  w.laneSum([n], { offset: d * n, strides: [1] }, adjoint);
  w.outerSum([], n, 1, { offset: d * n + n, strides: [1, 1] }, { a: z, b: y });
  w.final(0, d * n + 2 * n, output(w.output(b.dtype, d * n + 2 * n)));
});

/**
 * Shapes that take long enough to be cut into several kernel calls on the slow instruction sets and not on the fast ones, so
 * that comparing instruction sets also compares cut with whole.
 */
const longCalls = lanesCase(13, (b) => {
  const w = b.writer;
  const [n, C] = [160, 20];
  b.open(2 * 36 * 400);
  const W = b.uniform([n, n], 0.1);
  const bias = b.uniform([n]);
  const x = b.panel([n, C]);
  const few = b.gathered([4, C]);
  w.elementwise('sin', [n / 4, 4, C], at(x.base, 4 * C * b.B, C * b.B, b.B), [at(few.base, 0, C * b.B, b.B)]);
  const out = b.panel([n, C]);
  w.dense({ J: n, K: n, C, out, W, x, bias, biasColumns: 11, scale: x });
  b.deliver([C], at(out.base, b.B));
  b.deliver([C], at(panel(out.base.offset + (n - 1) * C * b.B), b.B));
  // [C, n] x [n, n]: rows of the result are cut
  const product = b.panel([C, n]);
  w.contract({ dims: [], I: C, J: n, K: n, out: product, a: at(x.base, b.B, C * b.B), b: at(W.base, 1, n) });
  b.deliver([C], at(product.base, n * b.B));
  // 36 rows: where they are cut, which depends on the instruction set, four are left over, which alone would be a thin product
  const factors = { a: at(x.base, b.B, C * b.B), b: at(x.base, b.B, b.B) };
  w.outerSum([8], 36, 400, { offset: 0, strides: [0, 400, 1] }, factors);
  w.final(0, 36 * 400, output(w.output(b.dtype, 36 * 400)));
  // the same, of several products
  const product3 = (first: number) => {
    const columns = (offset: number, row: number) => at(panel(x.base.offset + offset * b.B), row * b.B);
    return { a: columns(first, C), b: columns(3 * first, 1) };
  };
  const several = { offset: 36 * 400, strides: [400, 1] };
  w.outerSum([], 36, 400, several, product3(0), product3(1), product3(20));
  w.final(36 * 400, 36 * 400, output(w.output(b.dtype, 36 * 400)));
  const gram = b.panel([4, 4]);
  const tangents = b.panel([50, 4]);
  const rows = at(x.base, C * b.B);
  w.denseGram({
    ...{ J: 50, K: 2600, C: 4, factor: -2, gram, W: at(W.base, 1, 8), x: at(x.base, 0, b.B), weight: rows },
    ...{ weight2: at(panel(x.base.offset + b.B), C * b.B), scale: rows, out: tangents },
  });
  b.deliver([4, 4], gram);
  b.deliver([50, 4], tangents);
});

export const cases: Readonly<Record<string, CaseMaker>> = {
  everyOp,
  activations,
  elementwiseLayouts,
  dense,
  contract,
  denseGram,
  farRows,
  reduceSum,
  moves,
  sums,
  flatElementwise,
  flatProducts,
  flatSums,
  flatMoves,
  network,
  longCalls,
};
