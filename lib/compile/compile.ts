import type { DType, TypedArray } from '../array/array.js';
import { rowMajorStrides, size } from '../array/shape.js';
import { fullValue } from '../graph/build.js';
import { type Graph, type MapAxis, type Node, topological } from '../graph/node.js';
import { NablaError } from '../runtime/errors.js';
import { info } from '../runtime/info.js';
import { Loop } from './loop.js';
import { type Environment, Lowering } from './lower.js';
import { MatrixCopies } from './matrix-copies.js';
import { emitScatter } from './operations.js';
import { optimize } from './optimize.js';
import { ProgramWriter } from './program-writer.js';
import { stagesOf } from './stages.js';
import { type Buffer, rowMajorView, type View } from './views.js';

/** A graph as the native executor takes it. */
export interface Lowered {
  readonly words: Float64Array;
  /** Arrays captured by the traced function, which follow the graph's inputs. */
  readonly captured: readonly TypedArray[];
  readonly outputs: readonly { readonly shape: readonly number[]; readonly dtype: DType }[];
  readonly loops: readonly LoweredLoop[];
  readonly dtype: 'float32' | 'float64';
}

/** One loop of a program, as `explain` shows it. */
export interface LoweredLoop {
  readonly kind: 'lanes' | 'flat';
  readonly samples: number;
  readonly block: number;
  readonly arenaBytes: number;
  readonly loop: Loop;
}

/** Compiles a graph to a program. */
export function lower(graph: Graph): Lowered {
  return new ProgramBuilder(graph, optimize(graph.outputs)).build();
}

const BYTES = { float32: 4, float64: 8 } as const;

/** Logical lanes of every instruction set: 64 bytes. */
const LANE_BYTES = 64;

type DirectOutputs = ReadonlyMap<Node, readonly Buffer[]>;

class ProgramBuilder implements Environment {
  readonly #graph: Graph;
  readonly #outputs: readonly Node[];
  readonly #dtype: 'float32' | 'float64';
  readonly #writer: ProgramWriter;
  readonly #uniform = new Map<Node, View>();
  readonly #captured: TypedArray[] = [];
  readonly #inputs: Buffer[];
  readonly #outputBuffers: Buffer[];
  readonly #loops: LoweredLoop[] = [];
  readonly #copies: MatrixCopies;
  #level = 0;
  #samples = 0;

  constructor(graph: Graph, outputs: readonly Node[]) {
    this.#graph = graph;
    this.#outputs = outputs;
    this.#dtype = computeDtype(graph);
    this.#writer = new ProgramWriter(this.#dtype);
    this.#copies = new MatrixCopies(BYTES[this.#dtype], (elements) => this.#writer.reserveShared(elements));
    this.#inputs = graph.inputs.map((node) => this.#declareInput(node.dtype, size(node.shape)));
    this.#outputBuffers = outputs.map((node) => {
      const elements = size(node.shape);
      return { space: 'output', index: this.#writer.output(node.dtype, elements), size: elements, offset: 0 };
    });
  }

  build(): Lowered {
    const direct = this.#directOutputs();
    for (const stage of stagesOf(this.#outputs)) {
      this.#level = stage.level;
      this.#flatLoop(stage.uniform);
      for (const { axis, roots } of stage.loops) this.#lanesLoop(axis, roots, direct);
    }
    this.#copyOutputs(direct);
    return {
      words: this.#writer.finish(),
      captured: this.#captured,
      outputs: this.#graph.outputs.map(({ shape, dtype }) => ({ shape: Object.freeze([...shape]), dtype })),
      loops: this.#loops,
      dtype: this.#dtype,
    };
  }

  constant(value: number): View {
    const buffer: Buffer = { space: 'constant', index: this.#writer.constant(value), size: 1, offset: 0, value };
    return { buffer, offset: 0, shape: [], strides: [] };
  }

  uniform(node: Node): View {
    const known = this.#uniform.get(node);
    if (known) return known;
    const view = this.#leaf(node);
    this.#uniform.set(node, view);
    return view;
  }

  contiguousAlong(matrix: View, axis: number): View {
    return this.#copies.contiguousAlong(matrix, axis, this.#samples);
  }

  #declareInput(dtype: DType, elements: number): Buffer {
    return { space: 'input', index: this.#writer.input(dtype, elements), size: elements, offset: 0 };
  }

  /** An input or constant as it lies in the caller's memory. */
  #leaf(node: Node): View {
    if (node.op === 'input') return rowMajorView(this.#inputs[node.attrs.index!]!, node.shape);
    const value = fullValue(node);
    if (value !== undefined) {
      const scalar = this.constant(value);
      return { ...scalar, shape: node.shape, strides: node.shape.map(() => 0) };
    }
    const constant = node.attrs.value;
    if (!constant) {
      throw new NablaError(
        'ERR_NABLA_INTERNAL',
        `${node.op} [${node.shape}] of level ${this.#level} is read before it is computed`,
      );
    }
    if (constant.kind === 'data') return rowMajorView(this.#capture(constant.data, node.dtype), node.shape);
    const n = node.shape[0]!;
    const identity = this.#dtype === 'float32' ? new Float32Array(n * n) : new Float64Array(n * n);
    for (let i = 0; i < n; i++) identity[i * (n + 1)] = 1;
    return rowMajorView(this.#capture(identity, this.#dtype), node.shape);
  }

  #capture(data: TypedArray, dtype: DType): Buffer {
    this.#captured.push(data);
    return this.#declareInput(dtype, data.length);
  }

  /** Outputs that a lanes loop writes to their places itself: gathered samples, as often as they are asked for. */
  #directOutputs(): DirectOutputs {
    const direct = new Map<Node, Buffer[]>();
    this.#outputs.forEach((node, i) => {
      const target = this.#outputBuffers[i]!;
      if (node.op === 'unbatch') direct.set(node, [...(direct.get(node) ?? []), target]);
    });
    // A gathered array that is also read by the program stays in the program's own memory and precision.
    for (const { inputs } of topological(this.#outputs)) for (const x of inputs) direct.delete(x);
    return direct;
  }

  #open(kind: 'lanes' | 'flat', padFor = 0): Loop {
    return new Loop(kind, (elements) => this.#writer.reserveShared(elements), padFor);
  }

  #flatLoop(uniform: readonly Node[]): void {
    const loop = this.#open('flat');
    const lowering = new Lowering(loop, this);
    const pending = uniform.filter((node) => !this.#uniform.has(node));
    const isLeaf = (node: Node) => this.#uniform.has(node) || node.op === 'input' || node.op === 'constant';
    for (const leaf of pending.filter(isLeaf)) this.#convertLeaf(loop, leaf);
    lowering.run(
      pending.filter((node) => !isLeaf(node)),
      (node) => isLeaf(node) || !pending.includes(node),
      (node) => this.#uniform.set(node, lowering.view(node)),
    );
    this.#close(loop, 1, 1);
  }

  /** Inputs of another dtype are converted once, unless samples are gathered from them (which converts on the way). */
  #convertLeaf(loop: Loop, node: Node): void {
    const view = this.uniform(node);
    if (view.buffer.space !== 'input' || node.dtype === this.#dtype) return;
    const out = loop.shared(node.shape);
    loop.push({
      name: 'convert',
      reads: [view.buffer],
      writes: [out.buffer],
      emit: (writer, place) => writer.gather([size(node.shape)], place(out, [1]), place(view, [1]), 0),
    });
    this.#uniform.set(node, out);
  }

  #lanesLoop(axis: MapAxis, roots: readonly Node[], direct: DirectOutputs): void {
    const bytes = BYTES[this.#dtype];
    const lanes = LANE_BYTES / bytes;
    this.#samples = axis.size;
    // A first pass with any block size tells how much memory a lane needs; that decides the block.
    const trial = this.#lower(this.#open('lanes'), axis, roots, direct, false);
    const B = blockSize(trial.layout() * bytes, axis.size, lanes, trial.columns(), trial.hasWeightGradients());
    const before = this.#open('flat');
    this.#copies.emit(before);
    this.#close(before, 1, 1);
    const loop = this.#lower(this.#open('lanes', B * bytes), axis, roots, direct, true);
    this.#close(loop, axis.size, B);
  }

  #lower(loop: Loop, axis: MapAxis, roots: readonly Node[], direct: DirectOutputs, final: boolean): Loop {
    const lowering = new Lowering(loop, this, axis);
    lowering.run(
      roots,
      (node) => this.#uniform.has(node),
      (root) => {
        if (root.op === 'batchSum') {
          const elements = Math.max(1, size(root.shape));
          const accumulator = loop.accumulators;
          loop.accumulators += elements;
          lowering.sum(root.inputs[0]!, accumulator);
          if (!final) return;
          const out = loop.shared(root.shape);
          loop.finals.push({ offset: accumulator, length: elements, to: out.buffer });
          this.#uniform.set(root, out);
          return;
        }
        const { dim } = root.attrs as { dim: number };
        const strides = rowMajorStrides(root.shape);
        const targets = direct.get(root) ?? [final ? loop.shared(root.shape).buffer : this.#outputBuffers[0]!];
        for (const target of targets) {
          lowering.scatter(root.inputs[0]!, target, strides.toSpliced(dim, 1), strides[dim]!);
        }
        if (final && !direct.has(root)) this.#uniform.set(root, rowMajorView(targets[0]!, root.shape));
      },
    );
    return loop;
  }

  #copyOutputs(direct: DirectOutputs): void {
    const loop = this.#open('flat');
    this.#outputs.forEach((node, i) => {
      if (direct.has(node)) return;
      emitScatter(loop, this.uniform(node), rowMajorView(this.#outputBuffers[i]!, node.shape), 0);
    });
    this.#close(loop, 1, 1);
  }

  #close(loop: Loop, samples: number, B: number): void {
    if (loop.drafts.length === 0) return;
    const arena = loop.layout();
    if (loop.kind === 'flat') this.#writer.flatLoop();
    else {
      this.#writer.lanesLoop({ N: samples, B, arenaElements: arena * B, accumulatorElements: loop.accumulators });
    }
    loop.emit(this.#writer, B);
    this.#loops.push({ kind: loop.kind, samples, block: B, arenaBytes: arena * B * BYTES[this.#dtype], loop });
  }
}

/** float64 if anything is, or is an integer (which float32 would round beyond 2²⁴). */
function computeDtype(graph: Graph): 'float32' | 'float64' {
  const wide = (dtype: DType) => dtype === 'float64' || dtype === 'int32' || dtype === 'uint32';
  const seen = new Set<Node>();
  const stack = [...graph.outputs, ...graph.inputs];
  for (let x = stack.pop(); x; x = stack.pop()) {
    if (seen.has(x)) continue;
    seen.add(x);
    if (wide(x.dtype)) return 'float64';
    stack.push(...x.inputs);
  }
  return 'float32';
}

/**
 * Samples in a block. The arena has to stay in the L2 cache with room for the weights, so half of it; ¾ where weight gradients are
 * summed, since much of it then waits for the way back and is read once. Of more than four vectors the operands of one instruction
 * leave the L1 cache (20 × 5: 5 % slower, and nothing faster), but where products are summed over the samples of a block eight halve
 * what it takes to fold their sums.
 *
 * But wide matrices, which fill the cache themselves, come from further away more often than the panels would if too few columns
 * went over them at once: a dense kernel reads every weight once for four vectors, and every sum of a weight gradient is read and
 * written once for all samples and columns of a block, which should be 64.
 */
function blockSize(bytesPerLane: number, samples: number, lanes: number, columns: number, gradients: boolean): number {
  const cache = (info().caches.l2 || 1 << 20) * (gradients ? 0.75 : 0.5);
  const enough = gradients ? 64 : 4 * lanes;
  const most = Math.max(1, Math.ceil(samples / lanes));
  let vectors = gradients ? 8 : 4;
  const tooLarge = () => vectors * lanes * columns > enough && vectors * lanes * bytesPerLane > cache;
  while (vectors > 1 && (tooLarge() || vectors / 2 >= most)) vectors /= 2;
  return vectors * lanes;
}
