// What is measured: a derivative of a network for a batch, and the operations that takes on paper.

export type Quantity = 'value' | 'gradient' | 'hessian' | 'hvp' | 'laplacian' | 'step';
export type Float = 'float32' | 'float64';

export const quantities: readonly Quantity[] = ['value', 'gradient', 'hessian', 'hvp', 'laplacian', 'step'];

export interface Case {
  /**
   * `gradient` is the value with it; `step` is loss and gradient in the parameters of the mean square of Burgers' residual
   * u_t + u·u_x − (0.01/π)·u_xx; the others are per sample, in the inputs.
   */
  readonly quantity: Quantity;
  /** Outputs of each layer, tanh between them. */
  readonly features: readonly number[];
  /** Inputs of the network. */
  readonly d: number;
  /** Samples in the batch. */
  readonly N: number;
  readonly dtype: Float;
  readonly threads: number;
  /** Without the peers: what it answers is about nabla only. */
  readonly alone?: boolean;
}

/** Layers × width, or the widths themselves: `20x5-1`, `768-768-512-512-1`. */
function featuresName(features: readonly number[]): string {
  const hidden = features.slice(0, -1);
  const same = hidden.length > 1 && hidden.every((n) => n === hidden[0]);
  return `${same ? `${hidden[0]}x${hidden.length}` : hidden.join('-')}-${features.at(-1)}`;
}

export const networkName = (c: Pick<Case, 'features' | 'd'>): string => `${c.d}-${featuresName(c.features)}`;

export const caseName = (c: Case): string =>
  `${c.quantity} ${networkName(c)} N=${c.N} ${c.dtype} ${c.threads}${c.threads === 1 ? ' thread' : ' threads'}`;

const quantityNames: Readonly<Record<Quantity, string>> = {
  value: 'values',
  gradient: 'values with gradients',
  hessian: 'Hessians',
  hvp: 'Hessian-vector products',
  laplacian: 'Laplacians',
  step: 'loss and parameter gradient',
};

export const samplesName = (N: number): string => N.toLocaleString('en');

/** In words, without the samples. */
export const subjectName = (c: Case): string =>
  `${quantityNames[c.quantity]}, ${networkName(c)}, ${c.dtype}, ${c.threads === 1 ? '1 thread' : `${c.threads} threads`}`;

/** Numbers of a network: its parameters in Flax's order of leaves (`Dense_0.bias`, `Dense_0.kernel`, `Dense_1.bias`, …). */
export function parameterCount({ features, d }: Pick<Case, 'features' | 'd'>): number {
  return features.reduce((n, width, l) => n + width * ((features[l - 1] ?? d) + 1), 0);
}

export interface Work {
  /** Multiply-adds with the weights, two operations each: passes of the contracted sweep × P. */
  readonly matmul: number;
  /** The products JᵀdJ of a Hessian, upper triangle. */
  readonly contraction: number;
}

/** Passes over the weights for one sample: what the best known formula takes, whoever computes it. */
function passes({ quantity, d }: Case): number {
  const counts = { value: 1, gradient: 2, hessian: d + 2, hvp: 4, laplacian: d + 2, step: 9 };
  return counts[quantity];
}

/** Floating-point operations for one sample. */
export function work(c: Case): Work {
  const { features, d } = c;
  const P = features.reduce((n, width, l) => n + width * (features[l - 1] ?? d), 0);
  const hidden = features.slice(0, -1).reduce((n, width) => n + width, 0);
  return {
    matmul: 2 * passes(c) * P,
    contraction: c.quantity === 'hessian' ? hidden * d * (d + 1) : 0,
  };
}

/** Numbers a result holds for one sample; a step's is the loss and the gradient, once. */
export function resultLengths(c: Case): { perSample: number[]; once: number } {
  const { d } = c;
  const perSample = { value: [1], gradient: [1, d], hessian: [d * d], hvp: [d], laplacian: [1], step: [] }[c.quantity];
  return { perSample, once: c.quantity === 'step' ? 1 + parameterCount(c) : 0 };
}
