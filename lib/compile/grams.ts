import type { Draft, Placer } from './loop.js';
import type { DenseGramWords } from './program-writer.js';
import type { Buffer, View } from './views.js';

/** A view and the strides an instruction walks it with. */
export interface Strided {
  readonly view: View;
  readonly strides: readonly number[];
}

/** A dense product of one instruction, without bias, that nothing is added to: what `fuseGrams` has to know of it. */
export interface DensePart {
  readonly J: number;
  readonly K: number;
  readonly C: number;
  readonly W: Strided;
  readonly x: Strided;
  /** The product itself; strides [sJ, sC] */
  readonly product: Strided;
  /** The product scaled row by row, if that is wanted too; strides [sJ, sC] and [sJ] */
  readonly scaled?: { readonly out: Strided; readonly scale: Strided };
}

/** Σ_k (a_ik w_k) a_jk, one instruction. */
export interface GramPart {
  readonly accumulate: boolean;
  readonly I: number;
  readonly K: number;
  /** strides [sI, sK] */
  readonly a: Strided;
  /** strides [sK] */
  readonly w: Strided;
  /** strides [sI, sJ] */
  readonly out: Strided;
}

/** out = (factor · a) · b, row by row: the weights of a contraction. Strides [sK]. */
export interface WeightPart {
  readonly K: number;
  readonly factor: number;
  readonly a: Strided;
  readonly b: Strided;
  readonly out: Strided;
}

/**
 * Makes one instruction of a dense product and its contraction with itself, where nothing else reads the product, and of the
 * product that forms the contraction's weights.
 */
export function fuseGrams(drafts: readonly Draft[]): Draft[] {
  let current = [...drafts];
  for (const gram of drafts) if (gram.gram) current = fuseOne(current, gram) ?? current;
  return current;
}

function fuseOne(drafts: Draft[], gram: Draft): Draft[] | undefined {
  const { a, w, out, I, K, accumulate } = gram.gram!;
  const touches = (draft: Draft, buffer: Buffer) => draft.reads.includes(buffer) || draft.writes.includes(buffer);
  const isOnlyFor = (buffer: Buffer, writer: Draft | undefined) =>
    buffer.space === 'panel' &&
    writer?.writes.includes(buffer) === true &&
    drafts.every((draft) => draft === writer || draft === gram || !touches(draft, buffer));

  const dense = drafts.find(({ dense: part }) => part?.product.view.buffer === a.view.buffer);
  const part = dense?.dense;
  if (!dense || !part || !isOnlyFor(a.view.buffer, dense)) return undefined;
  const { product, scaled } = part;
  const isSame = product.view.offset === a.view.offset && part.J === K && part.C === I;
  const [sJ, sC] = product.strides as [number, number];
  if (!isSame || (K > 1 && sJ !== a.strides[1]) || (I > 1 && sC !== a.strides[0])) return undefined;
  if (out.view.buffer === scaled?.out.view.buffer || touches(dense, out.view.buffer)) return undefined;

  const maker = drafts.find(({ weight }) => weight?.out.view.buffer === w.view.buffer);
  const made = maker?.weight;
  const isWhole =
    made && made.K === K && made.out.view.offset === w.view.offset && (K === 1 || made.out.strides[0] === w.strides[0]);
  const weights = maker && isWhole && isOnlyFor(w.view.buffer, maker) ? made : undefined;
  if (weights === undefined && w.view.buffer.space !== 'panel') return undefined;

  const gone = new Set([dense, gram, ...(weights ? [maker!] : [])]);
  const factors = weights ? [weights.a, weights.b] : [w];
  const operands = [part.W, part.x, ...(scaled ? [scaled.scale] : []), ...factors].map(({ view }) => view.buffer);
  const words = (place: Placer): DenseGramWords => {
    const at = ({ view, strides }: Strided) => place(view, strides);
    return {
      accumulate,
      J: part.J,
      K: part.K,
      C: part.C,
      factor: weights?.factor ?? 1,
      gram: at(out),
      W: at(part.W),
      x: at(part.x),
      weight: at(factors[0]!),
      weight2: factors[1] && at(factors[1]),
      scale: scaled && at(scaled.scale),
      out: scaled && at(scaled.out),
    };
  };
  const fused: Draft = {
    name: 'dense with gram',
    reads: accumulate ? [...operands, out.view.buffer] : operands,
    writes: [out.view.buffer, ...(scaled ? [scaled.out.view.buffer] : [])],
    work: { ...dense.work!, multiplyAdds: dense.work!.multiplyAdds + gram.work!.multiplyAdds },
    emit: (writer, place) => writer.denseGram(words(place)),
  };
  // It stands where the contraction stood, if the others may come so late: past nothing that writes what they read, or touches
  // what they write.
  const to = drafts.indexOf(gram);
  const mayMove = (moved: Draft) =>
    drafts
      .slice(drafts.indexOf(moved) + 1, to)
      .every(
        (passed) =>
          gone.has(passed) ||
          (!moved.reads.some((buffer) => passed.writes.includes(buffer)) &&
            !moved.writes.some((buffer) => touches(passed, buffer))),
      );
  if (![...gone].every(mayMove) || fused.writes.some((buffer) => operands.includes(buffer))) return undefined;
  return drafts.flatMap((draft) => (draft === gram ? [fused] : gone.has(draft) ? [] : [draft]));
}
