import { rowMajorStrides, size } from '../array/shape.js';
import { type DensePart, fuseGrams, type GramPart, type WeightPart } from './grams.js';
import { MAX_RANK, type Op } from './opcodes.js';
import { mergeOuterSums, type OuterPart } from './outer-sums.js';
import { allocatePanels } from './panels.js';
import type { Base, Operand, ProgramWriter } from './program-writer.js';
import { schedule } from './schedule.js';
import { type Buffer, collapse, rowMajorView, type View, type Walk } from './views.js';

/** What an instruction costs and which matrix it passes over, for `explain`. */
export interface Work {
  /** Multiply-adds per sample (per run in a flat loop). */
  readonly multiplyAdds: number;
  /** The shared matrix of a dense product, and over how many columns it goes; of a weight gradient, its accumulator. */
  readonly matrix?: Buffer;
  readonly columns?: number;
}

/** An instruction whose panels have no place yet. */
export interface Draft {
  readonly name: string;
  readonly reads: readonly Buffer[];
  readonly writes: readonly Buffer[];
  /** An operand whose memory the result may take over if nobody needs it any more. */
  readonly inPlace?: readonly Buffer[];
  readonly work?: Work;
  /** What the instruction is, where others may be fused with it. */
  readonly dense?: DensePart;
  readonly gram?: GramPart;
  readonly weight?: WeightPart;
  readonly outer?: OuterPart;
  emit(writer: ProgramWriter, place: Placer): void;
}

/** Turns a view's offset and strides into the operand of an instruction. */
export type Placer = (view: View, strides?: readonly number[], extra?: number) => Operand;

/** One loop of the program: its instructions in order, over panels (lanes) or shared memory (flat). */
export class Loop {
  readonly kind: 'lanes' | 'flat';
  drafts: Draft[] = [];
  readonly panels: Buffer[] = [];
  accumulators = 0;
  readonly finals: { offset: number; length: number; to: Buffer }[] = [];
  readonly #reserve: (elements: number) => number;
  readonly #padFor: number;

  /**
   * @param reserve takes memory in the shared space
   * @param padFor rows of a panel are padded where their length in bytes, times this many lanes' bytes, is a multiple of 4 KiB
   */
  constructor(kind: 'lanes' | 'flat', reserve: (elements: number) => number, padFor = 0) {
    this.kind = kind;
    this.#reserve = reserve;
    this.#padFor = padFor;
  }

  /** Memory for a new value. */
  allocate(shape: readonly number[]): View {
    if (this.kind === 'flat') return this.shared(shape);
    const strides = rowMajorStrides(shape);
    // A row stride of a multiple of 4 KiB puts all rows into one set of the L1 cache; one element more spreads them.
    let elements = size(shape);
    if (this.#padFor > 0 && shape.length >= 2) {
      const row = strides[0]!;
      if (row > 1 && (row * this.#padFor) % 4096 === 0) {
        strides[0] = row + 1;
        elements = (row + 1) * shape[0]!;
      }
    }
    const buffer: Buffer = { space: 'panel', index: 0, size: Math.max(1, elements), offset: -1 };
    this.panels.push(buffer);
    return { buffer, offset: 0, shape, strides };
  }

  shared(shape: readonly number[]): View {
    const elements = Math.max(1, size(shape));
    return rowMajorView({ space: 'shared', index: 0, size: elements, offset: this.#reserve(elements) }, shape);
  }

  elementwise(op: Op, out: View, inputs: readonly View[], inPlace: readonly Buffer[] = []): void {
    const walk = { dims: out.shape, strides: [out, ...inputs].map((v) => broadcastStrides(v, out.shape)) };
    const views = [out, ...inputs];
    const cost = size(out.shape);
    this.push({
      name: op,
      reads: inputs.map((v) => v.buffer),
      writes: [out.buffer],
      inPlace,
      work: { multiplyAdds: op === 'copy' ? 0 : cost / 2 },
      weight: op === 'mulMul' ? weightPart(out, inputs, walk) : undefined,
      emit: (writer, place) =>
        emitRanked(walk, (dims, strides, at) => {
          const [o, ...rest] = views.map((v, i) => place(v, strides[i], at[i]));
          writer.elementwise(op, dims, o!, rest);
        }),
    });
  }

  copy(out: View, from: View): void {
    this.elementwise('copy', out, [from]);
  }

  push(draft: Draft): void {
    this.drafts.push(draft);
  }

  /** Orders the instructions and places their panels. Returns the elements they need at once, by the lanes. */
  layout(): number {
    if (this.kind === 'flat') return 0;
    this.drafts = mergeOuterSums(fuseGrams(schedule(this.drafts)));
    return allocatePanels(this.drafts, this.panels);
  }

  /** Columns a shared matrix is multiplied with at once, for the average multiply-add. */
  columns(): number {
    const products = this.drafts.flatMap(({ work }) => (work?.columns ? [work as Required<Work>] : []));
    const all = products.reduce((sum, { multiplyAdds }) => sum + multiplyAdds, 0);
    const perMatrix = products.reduce((sum, { multiplyAdds, columns }) => sum + multiplyAdds / columns, 0);
    return perMatrix > 0 ? all / perMatrix : 1;
  }

  /** Whether products are summed over samples, as gradients in weights are: a block then goes forward and back. */
  hasWeightGradients(): boolean {
    return this.drafts.some(({ work }) => work?.matrix?.space === 'accumulator');
  }

  /** Writes the loop for blocks of B lanes. Panels are laid out before. */
  emit(writer: ProgramWriter, B: number): void {
    const scaleOf = (buffer: Buffer) => (buffer.space === 'panel' ? B : 1);
    const place: Placer = (view, strides = view.strides, extra = 0) => {
      const scale = scaleOf(view.buffer);
      const base: Base = {
        space: view.buffer.space,
        index: view.buffer.index,
        offset: view.buffer.space === 'constant' ? 0 : (view.buffer.offset + view.offset + extra) * scale,
      };
      return { base, strides: strides.map((s) => s * scale) };
    };
    for (const draft of this.drafts) draft.emit(writer, place);
    for (const { offset, length, to } of this.finals) {
      writer.final(offset, length, { space: to.space, index: to.index, offset: to.offset });
    }
  }
}

/** A product of a number and two rows of panels, which may be the weights of a contraction. */
function weightPart(out: View, inputs: readonly View[], walk: Walk): WeightPart | undefined {
  const [factor, a, b] = inputs as [View, View, View];
  const { dims, strides } = collapse(walk);
  const rows = (p: number) => strides[p]!.slice(0, 1);
  const isRows = dims.length <= 1 && a.buffer.space === 'panel' && b.buffer.space === 'panel';
  if (factor.buffer.value === undefined || !isRows) return undefined;
  const part = (view: View, p: number) => ({ view, strides: dims.length === 0 ? [0] : rows(p) });
  return { K: dims[0] ?? 1, factor: factor.buffer.value, a: part(a, 2), b: part(b, 3), out: part(out, 0) };
}

/** The strides that read a view at the indices of `shape`: 0 where it has length 1, or no axis at all. */
export function broadcastStrides(view: View, shape: readonly number[]): number[] {
  const missing = shape.length - view.shape.length;
  return shape.map((_, i) => (i < missing || view.shape[i - missing] === 1 ? 0 : view.strides[i - missing]!));
}

/** Emits an instruction over a walk; loops beyond the format's rank are unrolled. */
export function emitRanked(
  walk: Walk,
  emit: (dims: readonly number[], strides: readonly (readonly number[])[], offsets: readonly number[]) => void,
  limit = MAX_RANK,
): void {
  const unroll = ({ dims, strides }: Walk, offsets: readonly number[]): void => {
    if (dims.length <= limit) {
      emit(dims, strides, offsets);
      return;
    }
    for (let i = 0; i < dims[0]!; i++) {
      unroll(
        { dims: dims.slice(1), strides: strides.map((s) => s.slice(1)) },
        offsets.map((o, p) => o + i * strides[p]![0]!),
      );
    }
  };
  unroll(
    collapse(walk),
    walk.strides.map(() => 0),
  );
}
