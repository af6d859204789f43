import { rowMajorStrides } from '../array/shape.js';
import { NablaError } from '../runtime/errors.js';
import type { DensePart } from './grams.js';
import { emitRanked, type Loop } from './loop.js';
import { MAX_GRAM_COLUMNS, MAX_RANK } from './opcodes.js';
import { type Buffer, collapse, type View, type Walk } from './views.js';

/** An operand of a product, with the labels of its axes. */
export interface Factor {
  readonly view: View;
  readonly labels: readonly number[];
}

/** The stride of a label in an operand (0 if it has none; a repeated label walks the diagonal). */
const strideIn = (view: View, labels: readonly number[], label: number): number =>
  labels.reduce((total, l, i) => (l === label ? total + view.strides[i]! : total), 0);

const lengthOf = (factors: readonly Factor[], label: number): number => {
  for (const { view, labels } of factors) {
    const i = labels.indexOf(label);
    if (i >= 0) return view.shape[i]!;
  }
  return 1;
};

/** A product of a shared matrix with per-sample columns: out[j, c] = Σ_k W[k, j] x[k, c]. */
export interface DenseForm {
  readonly W: Factor;
  /** Where W is from, whatever copy of it is read. */
  readonly matrix: Buffer;
  readonly x: Factor;
  readonly out: readonly number[];
  readonly rows: readonly number[];
  readonly contracted: readonly number[];
  readonly columns: readonly number[];
}

/** Recognises a dense product: one shared operand, one per sample, and every label in exactly two of W, x and the result. */
export function denseForm(factors: readonly Factor[], out: readonly number[]): DenseForm | undefined {
  if (factors.length !== 2) return undefined;
  const shared = factors.findIndex((f) => f.view.buffer.space !== 'panel');
  if (shared < 0 || factors[1 - shared]!.view.buffer.space !== 'panel') return undefined;
  const [W, x] = [factors[shared]!, factors[1 - shared]!];
  const all = [...new Set([...W.labels, ...x.labels])];
  const simple = new Set(W.labels).size === W.labels.length && new Set(x.labels).size === x.labels.length;
  const rows = all.filter((l) => W.labels.includes(l) && !x.labels.includes(l) && out.includes(l));
  const columns = all.filter((l) => !W.labels.includes(l) && x.labels.includes(l) && out.includes(l));
  const contracted = all.filter((l) => W.labels.includes(l) && x.labels.includes(l) && !out.includes(l));
  if (!simple || contracted.length === 0 || rows.length + columns.length + contracted.length !== all.length)
    return undefined;
  return { W, matrix: W.view.buffer, x, out, rows, contracted, columns };
}

export interface DenseExtras {
  readonly accumulate?: boolean;
  /** [j], shared */
  readonly bias?: View;
  /** as the result, per sample */
  readonly scale?: View;
  /** Gets the product before it is scaled. */
  readonly plain?: View;
}

/** The walk over the contracted axes, [W, x]. */
const contractionOf = ({ W, x, contracted }: DenseForm): Walk =>
  collapse({
    dims: contracted.map((l) => lengthOf([W, x], l)),
    strides: [W, x].map(({ view, labels }) => contracted.map((l) => strideIn(view, labels, l))),
  });

/** Whether one instruction sums it up, and can so store it as it is beside its scaled form. */
export const isOneContraction = (form: DenseForm): boolean => contractionOf(form).dims.length <= 1;

/** Emits a dense product; axes that do not fuse into one row, contraction or column loop are unrolled. */
export function emitDense(loop: Loop, form: DenseForm, out: View, extras: DenseExtras): void {
  const { W, x } = form;
  const lengths = (labels: readonly number[]) => labels.map((l) => lengthOf([W, x], l));
  const along = (view: View, own: readonly number[], labels: readonly number[]) =>
    labels.map((l) => strideIn(view, own, l));
  const stridesLikeOut = (view: View | undefined, labels: readonly number[]) =>
    labels.map((l) => {
      const i = form.out.indexOf(l);
      return !view || view.shape[i] === 1 ? 0 : view.strides[i]!;
    });
  const results = (labels: readonly number[]) => [
    along(out, form.out, labels),
    stridesLikeOut(extras.scale, labels),
    stridesLikeOut(extras.plain, labels),
  ];
  const rows = collapse({
    dims: lengths(form.rows),
    strides: [along(W.view, W.labels, form.rows), ...results(form.rows)],
  });
  const contracted = contractionOf(form);
  const columns = collapse({
    dims: lengths(form.columns),
    strides: [along(x.view, x.labels, form.columns), ...results(form.columns)],
  });
  const total = (dims: readonly number[]) => dims.reduce((n, d) => n * d, 1);
  const [J, K, C] = [rows, contracted, columns].map((w) => w.dims.at(-1) ?? 1) as [number, number, number];
  const inner = (w: { strides: readonly (readonly number[])[] }, p: number) => w.strides[p]!.at(-1) ?? 0;
  const outer = (w: { dims: readonly number[] }) => w.dims.slice(0, -1);
  const densePart = (): DensePart | undefined => {
    const result = (view: View, p: number) => ({ view, strides: [inner(rows, p), inner(columns, p)] });
    const { scale, plain } = extras;
    // One scale for all columns, or none: what the fused kernel takes.
    if (scale && (!plain || (C > 1 && inner(columns, 2) !== 0))) return undefined;
    return {
      ...{ J, K, C },
      W: { view: W.view, strides: [inner(contracted, 0), inner(rows, 0)] },
      x: { view: x.view, strides: [inner(contracted, 1), inner(columns, 0)] },
      product: plain ? result(plain, 3) : result(out, 1),
      ...(scale && { scaled: { out: result(out, 1), scale: { view: scale, strides: [inner(rows, 2)] } } }),
    };
  };

  const isOne = [rows, contracted, columns].every((w) => w.dims.length <= 1);
  loop.push({
    name: 'dense',
    dense: isOne && !extras.bias && !extras.accumulate && C <= MAX_GRAM_COLUMNS ? densePart() : undefined,
    reads: [
      W.view.buffer,
      x.view.buffer,
      ...(extras.bias ? [extras.bias.buffer] : []),
      ...(extras.scale ? [extras.scale.buffer] : []),
    ].concat(extras.accumulate ? [out.buffer] : []),
    writes: [out.buffer, ...(extras.plain ? [extras.plain.buffer] : [])],
    work: {
      multiplyAdds: total(rows.dims) * total(contracted.dims) * total(columns.dims),
      matrix: form.matrix,
      columns: total(columns.dims),
    },
    emit: (writer, place) =>
      forEachOuter(outer(rows), (r) =>
        forEachOuter(outer(columns), (c) => {
          let first = true;
          forEachOuter(outer(contracted), (k) => {
            const at = (w: { strides: readonly (readonly number[])[] }, p: number, index: readonly number[]) =>
              index.reduce((sum, i, d) => sum + i * w.strides[p]![d]!, 0);
            const { scale, plain } = extras;
            const likeOut = (view: View | undefined, p: number) =>
              view && place(view, [inner(rows, p), inner(columns, p)], at(rows, p, r) + at(columns, p, c));
            writer.dense({
              accumulate: extras.accumulate || !first,
              J,
              K,
              C,
              out: likeOut(out, 1)!,
              W: place(W.view, [inner(contracted, 0), inner(rows, 0)], at(contracted, 0, k) + at(rows, 0, r)),
              x: place(x.view, [inner(contracted, 1), inner(columns, 0)], at(contracted, 1, k) + at(columns, 0, c)),
              bias: extras.bias && first ? place(extras.bias, [extras.bias.strides.at(-1) ?? 0]) : undefined,
              scale: likeOut(scale, 2),
              plain: likeOut(plain, 3),
            });
            first = false;
          });
        }),
      ),
  });
}

function forEachOuter(dims: readonly number[], visit: (index: readonly number[]) => void): void {
  const walk = (index: number[]): void => {
    if (index.length === dims.length) visit(index);
    else for (let i = 0; i < dims[index.length]!; i++) walk([...index, i]);
  };
  walk([]);
}

/**
 * Emits a product of two per-sample operands, or of three where one only weights: out[r, i, j] = Σ_k a[r, i, k] w[r, k] b[r, j, k].
 * Labels that fit neither i, j nor k become outer loops, summed where the result has them not.
 *
 * @param mayBeSymmetric the operands allow it, and what is accumulated into is symmetric too
 * @returns whether only i ≤ j is computed, and mirrored
 */
export function emitContract(
  loop: Loop,
  factors: readonly Factor[],
  outLabels: readonly number[],
  out: View,
  accumulate: boolean,
  mayBeSymmetric: boolean,
): boolean {
  const [a, b, w] = chooseRoles(factors, outLabels);
  const used = [a, b, ...(w ? [w] : [])];
  const has = (f: Factor | undefined, label: number) => f?.labels.includes(label) ?? false;
  const labels = [...new Set(factors.flatMap((f) => f.labels))];
  const length = (label: number) => lengthOf(factors, label);
  const longest = (list: number[]) => list.sort((p, q) => length(q) - length(p))[0];
  const i = longest(labels.filter((l) => has(a, l) && !has(b, l) && !has(w, l) && outLabels.includes(l)));
  const j = longest(labels.filter((l) => has(b, l) && !has(a, l) && !has(w, l) && outLabels.includes(l)));
  const k = longest(labels.filter((l) => has(a, l) && has(b, l) && !outLabels.includes(l)));
  const rest = labels.filter((l) => l !== i && l !== j && l !== k);
  const stride = (f: Factor, label: number | undefined) =>
    label === undefined ? 0 : strideIn(f.view, f.labels, label);
  const outStride = (label: number | undefined) => (label === undefined ? 0 : strideIn(out, outLabels, label));
  const dims = rest.map(length);
  const size = (label: number | undefined) => (label === undefined ? 1 : length(label));
  const symmetric =
    mayBeSymmetric &&
    a.view === b.view &&
    i !== undefined &&
    j !== undefined &&
    stride(a, i) === stride(b, j) &&
    stride(a, k) === stride(b, k) &&
    rest.every((l) => stride(a, l) === stride(b, l));
  const collapsed = collapse({
    dims,
    strides: [rest.map(outStride), ...used.map((f) => rest.map((l) => stride(f, l)))],
  });
  // Summed outer loops after the first pass add up; the instruction zeroes once, so they must not be unrolled here.
  if (collapsed.dims.length > MAX_RANK) {
    throw new NablaError(
      'ERR_NABLA_INTERNAL',
      `a product over more than ${MAX_RANK + 3} axes; reshape its operands to fewer`,
    );
  }

  const isOne = collapsed.dims.length === 0 && symmetric && w !== undefined;
  loop.push({
    name: symmetric ? 'gram' : 'contract',
    gram: isOne
      ? {
          ...{ accumulate, I: size(i), K: size(k) },
          a: { view: a.view, strides: [stride(a, i), stride(a, k)] },
          w: { view: w.view, strides: [stride(w, k)] },
          out: { view: out, strides: [outStride(i), outStride(j)] },
        }
      : undefined,
    reads: [...used.map((f) => f.view.buffer), ...(accumulate ? [out.buffer] : [])],
    writes: [out.buffer],
    work: { multiplyAdds: (dims.reduce((n, d) => n * d, 1) * size(i) * size(j) * size(k)) / (symmetric ? 2 : 1) },
    emit: (writer, place) => {
      const [o, ra, rb, rw] = collapsed.strides;
      writer.contract({
        accumulate,
        symmetric,
        dims: collapsed.dims,
        I: size(i),
        J: size(j),
        K: size(k),
        out: place(out, [...o!, outStride(i), outStride(j)]),
        a: place(a.view, [...ra!, stride(a, i), stride(a, k)]),
        b: place(b.view, [...rb!, stride(b, j), stride(b, k)]),
        w: w && place(w.view, [...rw!, stride(w, k)]),
      });
    },
  });
  return symmetric;
}

/** Of three operands the weight is the one without a free label of its own that is contracted against both others. */
function chooseRoles(
  factors: readonly Factor[],
  out: readonly number[],
): readonly [Factor, Factor, Factor | undefined] {
  if (factors.length === 2) return [factors[0]!, factors[1]!, undefined];
  const free = (f: Factor) =>
    f.labels.filter((l) => out.includes(l) && factors.every((g) => g === f || !g.labels.includes(l)));
  const weight = [...factors].sort((p, q) => free(p).length - free(q).length || p.labels.length - q.labels.length)[0]!;
  const [a, b] = factors.filter((f) => f !== weight) as [Factor, Factor];
  return [a, b, weight];
}

/** Emits Σ over samples of a product of two per-sample operands: the kernel of weight gradients. */
export function emitOuterSum(
  loop: Loop,
  factors: readonly Factor[],
  outLabels: readonly number[],
  shape: readonly number[],
  accumulator: number,
): void {
  const [a, b] = factors as [Factor, Factor];
  const strides = rowMajorStrides(shape);
  const accStride = (label: number) => {
    const i = outLabels.indexOf(label);
    return i < 0 ? 0 : strides[i]!;
  };
  const labels = [...new Set(factors.flatMap((f) => f.labels))];
  const length = (label: number) => lengthOf(factors, label);
  const longest = (list: number[]) => list.sort((p, q) => length(q) - length(p))[0];
  const i = longest(labels.filter((l) => a.labels.includes(l) && !b.labels.includes(l) && outLabels.includes(l)));
  const j = longest(labels.filter((l) => b.labels.includes(l) && !a.labels.includes(l) && outLabels.includes(l)));
  const rest = labels.filter((l) => l !== i && l !== j);
  const at = (f: Factor, label: number | undefined) => (label === undefined ? 0 : strideIn(f.view, f.labels, label));
  const walk = {
    dims: rest.map(length),
    strides: [rest.map(accStride), rest.map((l) => at(a, l)), rest.map((l) => at(b, l))],
  };
  const [I, J] = [i, j].map((l) => (l === undefined ? 1 : length(l))) as [number, number];
  const accumulated = [i, j].map((l) => (l === undefined ? 0 : accStride(l))) as [number, number];
  const columns = rest.filter((l) => !outLabels.includes(l)).reduce((n, l) => n * length(l), 1);
  loop.push({
    name: 'outerSum',
    outer:
      collapse(walk).dims.length > 0
        ? undefined
        : {
            ...{ I, J, offset: accumulator, strides: accumulated },
            a: { view: a.view, strides: [at(a, i)] },
            b: { view: b.view, strides: [at(b, j)] },
          },
    reads: [a.view.buffer, b.view.buffer],
    writes: [],
    work: {
      multiplyAdds: rest.reduce((n, l) => n * length(l), 1) * I * J,
      matrix: { space: 'accumulator', index: 0, size: I * J, offset: accumulator },
      columns,
    },
    emit: (writer, place) =>
      emitRanked(walk, (dims, [acc, sa, sb], [accAt, atA, atB]) =>
        writer.outerSum(
          dims,
          I,
          J,
          {
            offset: accumulator + accAt!,
            strides: [...acc!, ...accumulated],
          },
          { a: place(a.view, [...sa!, at(a, i)], atA), b: place(b.view, [...sb!, at(b, j)], atB) },
        ),
      ),
  });
}
