import { type Array, ConcreteArray } from '../array/array.js';
import { typedArrayClass } from '../array/dtype.js';
import { checkOptions } from '../runtime/options.js';
import {
  checkNumber,
  type GradientTransformation,
  mapArrays,
  type OptState,
  parameterLeaves,
  requireNumbers,
  requireParams,
} from './transformation.js';
import { type Pair, productsWith, twoLoop } from './two-loop.js';
import { asState, dot, vectorOf } from './vector.js';

export interface LbfgsMemoryOptions {
  /** Steps remembered: 10 unless said otherwise. */
  memorySize?: number;
  /** Begin with the scaled identity sᵀy/yᵀy of the last step instead of the identity: true unless said otherwise. */
  scaleInitPrecond?: boolean;
}

interface Memory {
  readonly [name: string]: OptState;
  readonly count: Array;
  /** Parameters and gradient at the step before, [P]; float64. */
  readonly params: Array;
  readonly updates: Array;
  /** Of each step remembered, oldest first: differences s of parameters and y of gradients, [P]; 1/(sᵀy); {@link Pair.before}. */
  readonly diffParamsMemory: readonly Array[];
  readonly diffUpdatesMemory: readonly Array[];
  readonly weightsMemory: readonly Array[];
  readonly productsMemory: readonly Array[];
}

/** sᵀy below this share of |s|·|y| says nothing but rounding about curvature. */
const FLAT = 2 ** -52;

/**
 * Gradients times an approximation of the inverse Hessian made of the last steps: L-BFGS, the two-loop recursion (Nocedal and
 * Wright, algorithm 7.4). A pair of differences whose curvature sᵀy is not positive (after a line search that failed, or rounding)
 * is left out, so that the product always points downhill. Sums are in double precision whatever the parameters' dtype.
 */
export function scaleByLbfgs(options: LbfgsMemoryOptions = {}): GradientTransformation {
  checkOptions(options, ['memorySize', 'scaleInitPrecond'], 'scaleByLbfgs');
  const { memorySize = 10, scaleInitPrecond = true } = options;
  checkNumber(memorySize, 'scaleByLbfgs: memorySize', (m) => Number.isInteger(m) && m > 0, 'a positive integer');
  return {
    traceable: false,
    init(params): Memory {
      const total = parameterLeaves(params, 'scaleByLbfgs').reduce((n, x) => n + x.size, 0);
      return {
        count: new ConcreteArray(new Float64Array(1), []),
        params: asState(new Float64Array(total)),
        updates: asState(new Float64Array(total)),
        diffParamsMemory: [],
        diffUpdatesMemory: [],
        weightsMemory: [],
        productsMemory: [],
      };
    },
    update<P>(updates: P, state: OptState, params?: P): [P, OptState] {
      requireParams(params, 'scaleByLbfgs');
      requireNumbers([updates, params], 'scaleByLbfgs');
      const before = state as Memory;
      const now = { params: vectorOf(params), gradient: vectorOf(updates, params) };
      const step = before.count.item() === 0 ? undefined : difference(before, now);
      const kept = pairsOf(before).slice(step ? Math.max(0, before.weightsMemory.length + 1 - memorySize) : 0);

      const S = [...kept.map(({ s }) => s), ...(step ? [step.s] : [])];
      const [alongS, alongY] = productsWith(S, now.gradient, step?.y);
      const newest = step && { ...step, before: alongY.subarray(0, kept.length).reverse() };
      const pairs = newest ? [...kept, newest] : kept;
      const memory = remember(before, now, newest, memorySize);
      const direction = twoLoop(pairs, now.gradient, alongS, gammaOf(now.gradient, pairs.at(-1), scaleInitPrecond));
      let begin = 0;
      const tree = mapArrays((u) => {
        const part = direction.subarray(begin, begin + u.size);
        begin += u.size;
        return new ConcreteArray(new (typedArrayClass(u.dtype))(part), u.shape);
      }, updates);
      return [tree, memory];
    },
  };
}

const numbers = (x: Array): Float64Array => x.data as Float64Array;

interface Place {
  readonly params: Float64Array;
  readonly gradient: Float64Array;
}

/** What the step from the last parameters to these says about curvature, if it says anything. */
function difference(before: Memory, now: Place): Omit<Pair, 'before'> | undefined {
  const s = minus(now.params, numbers(before.params));
  const y = minus(now.gradient, numbers(before.updates));
  const curvature = dot(s, y);
  return curvature > FLAT * Math.sqrt(dot(s, s) * dot(y, y)) ? { s, y, weight: 1 / curvature } : undefined;
}

const pairsOf = (memory: Memory): Pair[] =>
  memory.diffParamsMemory.map((s, i) => ({
    s: numbers(s),
    y: numbers(memory.diffUpdatesMemory[i]!),
    weight: memory.weightsMemory[i]!.item(),
    before: numbers(memory.productsMemory[i]!),
  }));

/** The state after a step, which shares with the one before what both remember. */
function remember(before: Memory, now: Place, newest: Pair | undefined, memorySize: number): Memory {
  const place = { count: scalar(before.count.item() + 1), params: asState(now.params), updates: asState(now.gradient) };
  if (newest === undefined) return { ...before, ...place };
  const last = (list: readonly Array[], next: Array): Array[] => [...list, next].slice(-memorySize);
  return {
    ...place,
    diffParamsMemory: last(before.diffParamsMemory, asState(newest.s)),
    diffUpdatesMemory: last(before.diffUpdatesMemory, asState(newest.y)),
    weightsMemory: last(before.weightsMemory, scalar(newest.weight)),
    productsMemory: last(before.productsMemory, asState(newest.before)),
  };
}

const scalar = (x: number): Array => new ConcreteArray(Float64Array.of(x), []);

const minus = (a: Float64Array, b: Float64Array): Float64Array => {
  const difference = Float64Array.from(a);
  for (let i = 0; i < a.length; i++) difference[i]! -= b[i]!;
  return difference;
};

/** What stands for the inverse Hessian before any pair is used: this multiple of the identity. */
function gammaOf(gradient: Float64Array, newest: Pair | undefined, scaleInitPrecond: boolean): number {
  if (!scaleInitPrecond) return 1;
  // Without curvature yet, a step no longer than 1 does not waste evaluations of the line search.
  if (newest === undefined) return Math.min(1, 1 / Math.sqrt(dot(gradient, gradient)));
  return dot(newest.s, newest.y) / dot(newest.y, newest.y);
}
