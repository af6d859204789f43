import type { Array } from '../../lib/array/array.js';
import * as np from '../../lib/numpy/index.js';

/** Parameters of the functions below: B [3, 8], W1 [16, 12], W2 [12, 12], b1, b2, w [12], a []. */
export interface ComposedParams {
  readonly B: Array;
  readonly W1: Array;
  readonly W2: Array;
  readonly a: Array;
  readonly b1: Array;
  readonly b2: Array;
  readonly w: Array;
}

type Model = (params: ComposedParams, x: Array) => Array;

/** Fourier features, a trainable slope, a residual connection. */
const fourier: Model = ({ B, W1, W2, a, b1, b2, w }, x) => {
  const angles = np.matmul(x, B);
  const features = np.concatenate([np.sin(angles), np.cos(angles)]);
  const h = np.tanh(a.mul(np.matmul(features, W1).add(b1)));
  return h.add(np.tanh(np.matmul(h, W2).add(b2))).dot(w);
};

/** A network times a factor that is 0 on the boundary. */
const hard: Model = (params, x) => {
  const [x0, x1, x2] = [x.at(0), x.at(1), x.at(2)];
  const boundary = x0.mul(np.sub(1, x0));
  return boundary.mul(fourier(params, x)).add(np.exp(x1.square().neg()).div(np.add(2, x2.square())));
};

/** A product of networks. */
const product: Model = (params, x) => {
  const factor = np.sin(fourier(params, x.mul(2)));
  return fourier(params, x).mul(factor).add(np.log1p(x.square().sum()));
};

const norm: Model = (params, x) => {
  const length = np.sqrt(np.matmul(x, params.B).square().sum().add(1e-3));
  return length.div(np.add(1, np.exp(fourier(params, x).neg())));
};

/** Functions of one sample x [3] that are not plain networks. */
export const composed = { fourier, hard, product, norm } as const;
