import { Array, type DType, type TypedArray } from '../array/array.js';
import { asArray } from '../array/as-array.js';
import { formatShape } from '../array/shape.js';
import { data, full, fullValue, input } from '../graph/build.js';
import type { Graph, Node } from '../graph/node.js';
import { NablaError } from '../runtime/errors.js';

/** One recording of a function into a graph, from its outermost call to that call's end. */
export class Trace {
  readonly inputs: Node[] = [];
  #open = true;

  get open(): boolean {
    return this.#open;
  }

  close(): void {
    this.#open = false;
  }

  /** A new input of the graph being recorded, as the value users see. */
  input(shape: readonly number[], dtype: DType): TracedArray {
    const node = input(this.inputs.length, shape, dtype);
    this.inputs.push(node);
    return new TracedArray(node, this);
  }
}

/** The value of a node, as the traced function sees it: an array with shape and dtype, but no numbers yet. */
export class TracedArray extends Array {
  readonly node: Node;
  readonly owner: Trace;

  constructor(node: Node, owner: Trace) {
    super();
    this.node = node;
    this.owner = owner;
  }

  get shape(): readonly number[] {
    return this.node.shape;
  }

  get dtype(): DType {
    return this.node.dtype;
  }

  get data(): TypedArray {
    throw new NablaError(
      'ERR_NABLA_TRACED',
      `${this} has no numbers yet: the function is being recorded. Branch with np.where instead of if, and return the value to look at it outside`,
      { shape: this.shape, dtype: this.dtype },
    );
  }

  override toString(): string {
    return `Traced<${this.dtype}${formatShape(this.shape)}>`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }

  /** Arithmetic and comparison by JavaScript's operators would need the number. */
  [Symbol.toPrimitive](hint: string): string {
    if (hint === 'string') return this.toString();
    void this.data;
    return '';
  }
}

let current: Trace | undefined;

/** The trace being recorded, if any. JavaScript runs one at a time: traced functions are synchronous. */
export function currentTrace(): Trace | undefined {
  return current;
}

/** Records `record` into a new graph. Values that outlive the call are refused from then on. */
export function recordGraph(record: (trace: Trace) => readonly Array[]): Graph {
  const outer = current;
  const trace = new Trace();
  current = trace;
  try {
    const outputs = record(trace).map(nodeOf);
    return { inputs: trace.inputs, outputs };
  } finally {
    trace.close();
    current = outer;
  }
}

/** The same array is the same constant, however often it is used. */
const constants = new WeakMap<Array, Node>();

/**
 * The node that stands for an array in the graph: its own if it is traced, else a constant.
 * @throws ERR_NABLA_LEAKED for a value of a trace that has ended.
 */
export function nodeOf(x: Array): Node {
  if (x instanceof TracedArray) {
    if (!x.owner.open) {
      throw new NablaError(
        'ERR_NABLA_LEAKED',
        `${x} belongs to a function whose recording has ended; return values from the function instead of storing them outside`,
        { shape: x.shape },
      );
    }
    return x.node;
  }
  let node = constants.get(x);
  // The memory of an array may be its user's, who may have written another number there since.
  if (node === undefined || (x.size === 1 && !Object.is(fullValue(node), x.data[0]))) {
    node = x.size === 1 ? full(x.data[0]!, x.shape, x.dtype) : data(x.data, x.shape, x.dtype);
    constants.set(x, node);
  }
  return node;
}

/** The array that stands for a node in the function being traced. */
export function arrayOf(node: Node): Array {
  return new TracedArray(node, current!);
}

/** Whether any of the values is being traced. */
export function isTraced(x: unknown): x is TracedArray {
  return x instanceof TracedArray;
}

const firstOf = (list: unknown): unknown => (globalThis.Array.isArray(list) ? firstOf(list[0]) : list);

/** A value as an array: arrays as they are, everything array-like converted (plain numbers to `dtype`, lists of booleans to bool). */
export function toArray(x: unknown, what: string, dtype: DType = 'float32'): Array {
  if (x instanceof Array) return x;
  const plain = typeof x === 'number' || (globalThis.Array.isArray(x) && typeof firstOf(x) !== 'boolean');
  return plain ? asArray(x, { what, dtype }) : asArray(x, { what });
}
