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
import { asState, axpy, dot, vectorOf } from './vector.js';

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
  /** Differences s of parameters and y of gradients, oldest first, each [P], and 1/(sᵀy) of each. */
  readonly diffParamsMemory: readonly Array[];
  readonly diffUpdatesMemory: readonly Array[];
  readonly weightsMemory: readonly Array[];
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
      };
    },
    update<P>(updates: P, state: OptState, params?: P): [P, OptState] {
      requireParams(params, 'scaleByLbfgs');
      requireNumbers([updates, params], 'scaleByLbfgs');
      const memory = remember(state as Memory, vectorOf(params), vectorOf(updates, params), memorySize);
      const direction = precondition(memory, scaleInitPrecond);
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

/** The state with the step from the last parameters to these in it. */
function remember(before: Memory, params: Float64Array, gradient: Float64Array, memorySize: number): Memory {
  const count = before.count.item();
  let { diffParamsMemory, diffUpdatesMemory, weightsMemory } = before;
  if (count > 0) {
    const s = minus(params, numbers(before.params));
    const y = minus(gradient, numbers(before.updates));
    const curvature = dot(s, y);
    if (curvature > FLAT * Math.sqrt(dot(s, s) * dot(y, y))) {
      const kept = <T>(list: readonly T[], next: T): T[] => [...list.slice(list.length < memorySize ? 0 : 1), next];
      diffParamsMemory = kept(diffParamsMemory, asState(s));
      diffUpdatesMemory = kept(diffUpdatesMemory, asState(y));
      weightsMemory = kept(weightsMemory, new ConcreteArray(Float64Array.of(1 / curvature), []));
    }
  }
  return {
    count: new ConcreteArray(Float64Array.of(count + 1), []),
    params: asState(params),
    updates: asState(gradient),
    diffParamsMemory,
    diffUpdatesMemory,
    weightsMemory,
  };
}

const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x - b[i]!);

/** The two-loop recursion. */
function precondition(memory: Memory, scaleInitPrecond: boolean): Float64Array {
  const S = memory.diffParamsMemory.map(numbers);
  const Y = memory.diffUpdatesMemory.map(numbers);
  const rho = memory.weightsMemory.map((x) => x.item());
  const q = Float64Array.from(numbers(memory.updates));
  const first = S.length === 0;
  // Without curvature yet, a step no longer than 1 does not waste evaluations of the line search.
  const gamma = !scaleInitPrecond
    ? 1
    : first
      ? Math.min(1, 1 / Math.sqrt(dot(q, q)))
      : newestScale(S.at(-1)!, Y.at(-1)!);
  const alpha = new Float64Array(S.length);
  for (let i = S.length - 1; i >= 0; i--) {
    alpha[i] = rho[i]! * dot(S[i]!, q);
    axpy(-alpha[i]!, Y[i]!, q);
  }
  for (let j = 0; j < q.length; j++) q[j]! *= gamma;
  for (let i = 0; i < S.length; i++) axpy(alpha[i]! - rho[i]! * dot(Y[i]!, q), S[i]!, q);
  return q;
}

const newestScale = (s: Float64Array, y: Float64Array): number => dot(s, y) / dot(y, y);
