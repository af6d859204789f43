import {
  explain,
  grad,
  hessian,
  hvp,
  jacfwd,
  jvp,
  type nn,
  numpy as np,
  random,
  tree,
  valueAndGrad,
  vjp,
  vmap,
} from 'nabla';
import { describe, expect, test } from 'vitest';
import { lower } from '../../lib/compile/compile.js';
import { type AnyFunction, flattenArguments } from '../../lib/transform/dispatch.js';
import { record } from '../../lib/transform/record.js';
import { expectClose } from '../support/close.js';
import { network } from '../support/random-network.js';
import { interpreted, native } from '../support/routes.js';

type Params = nn.Params;
const wrtX = { argnums: 1 } as const;
const square = (x: np.Array) => np.mean(np.square(x));
const perSample = (f: (p: Params, x: np.Array) => np.Array) => vmap(f, [null, 0]);

const { apply: applyLike, params: like, points } = network([9, 8, 1], 2);
const params = like as Params;
const apply = (p: Params, x: np.Array) => applyLike(p, x);
const u = (p: Params, x: np.Array) => np.squeeze(apply(p, x));
const gradient = grad(u, wrtX);

/** u_t + u·u_x + u_xxx: Korteweg and de Vries, a third derivative. */
function dispersive(p: Params, x: np.Array): np.Array {
  const g = gradient(p, x);
  const third = jacfwd(hessian(u, wrtX), wrtX)(p, x).at(1, 1, 1);
  return g
    .at(0)
    .add(u(p, x).mul(g.at(1)))
    .add(third);
}

/** u_t − u_xx. */
const diffusive = (p: Params, x: np.Array) => gradient(p, x).at(0).sub(hessian(u, wrtX)(p, x).at(1, 1));

interface Batches {
  readonly interior: np.Array;
  readonly weights: np.Array;
  readonly boundary: np.Array;
  readonly initial: np.Array;
}

const batches: Batches = {
  interior: points(70),
  weights: random.uniform(random.PRNGKey(3), 70, { dtype: 'float64' }),
  boundary: points(11, 2),
  initial: points(33, 3),
};

/** Means, sums, weighted sums and what is made of them that is not linear, over batches of 70, 11 and 33 samples. */
function loss(p: Params, { interior, weights, boundary, initial }: Batches): np.Array {
  const weighted = np.sum(np.square(perSample(dispersive)(p, interior)).mul(weights));
  const edge = np.sqrt(square(perSample(u)(p, boundary)).add(0.1));
  const slope = np.sum(np.square(perSample((q, x) => gradient(q, x).at(1))(p, initial)));
  const share = square(perSample(diffusive)(p, interior)).div(np.add(1, square(perSample(u)(p, initial))));
  return np
    .log(weighted.add(1))
    .add(edge.mul(3))
    .add(np.exp(slope.mul(-0.01)))
    .add(share.mul(edge));
}

const at = (p: Params) => loss(p, batches);
const likeParams = (f: (x: np.Array, y: np.Array) => np.Array, other: Params = params): Params =>
  tree.map((x, y) => f(x as np.Array, y as np.Array), params as unknown, other as unknown) as Params;
const direction = (seed: number): Params =>
  likeParams((x) => random.normal(random.PRNGKey(seed), x.shape, { dtype: 'float64' }));
const inner = (a: unknown, b: unknown): number => {
  const others = tree.leaves<np.Array>(b);
  return tree.leaves<np.Array>(a).reduce((sum, x, i) => sum + np.sum(x.mul(others[i]!)).item(), 0);
};

// The loss and its derivatives are near 1 to 100 and sums of some hundred terms with three derivatives inside.
const tolerance = 1e-10;

describe('derivatives in a tree of parameters, of a loss over several batches', () => {
  const [v, w] = [direction(11), direction(12)];
  const gradientAt = grad(at) as unknown as (p: Params) => Params;

  test('are those of the reference interpreter', () => {
    expectClose(native(at)(params), interpreted(at)(params), tolerance);
    expectClose(native(gradientAt)(params), interpreted(gradientAt)(params), tolerance);
    const product = (p: Params) => hvp(at as never, [p], [v]);
    expectClose(native(product)(params), interpreted(product)(params), tolerance);
  });

  test('valueAndGrad is both at once', () => {
    const [value, g] = valueAndGrad(at as (p: Params) => np.Array)(params);
    expectClose(value, at(params), tolerance);
    expectClose(g, gradientAt(params), tolerance);
  });

  test('forward = reverse; vjp is the transpose of jvp', () => {
    const [value, slope] = jvp(at as never, [params], [v]) as unknown as [np.Array, np.Array];
    expectClose(value, at(params), tolerance);
    expect(slope.item() / inner(gradientAt(params), v)).toBeCloseTo(1, 9);
    const [, pull] = vjp(at as never, params as never) as unknown as [np.Array, (c: np.Array) => [Params]];
    const [g] = pull(np.array(2, { dtype: 'float64' }));
    expect(inner(g, v) / slope.item()).toBeCloseTo(2, 9);
  });

  test('hvp is symmetric, and the derivative of the gradient', () => {
    const product = (x: Params) => hvp(at as never, [params], [x]) as unknown as Params;
    const [vHw, wHv] = [inner(v, product(w)), inner(w, product(v))];
    expect(vHw / wHv).toBeCloseTo(1, 9);
    const [, derivative] = jvp(gradientAt as never, [params], [v]) as unknown as [Params, Params];
    expectClose(product(v), derivative, tolerance);
  });

  test('are those of difference quotients', () => {
    // Errors h²·f‴/6 and ε/h balance at h ≈ 1e-5: some 1e-9 of third derivatives that may be a thousand times the first.
    const h = 1e-5;
    const moved = (s: number): Params => likeParams((x, y) => x.add(y.mul(s)), v);
    const quotient = (at(moved(h)).item() - at(moved(-h)).item()) / (2 * h);
    expect(quotient / inner(gradientAt(params), v)).toBeCloseTo(1, 5);
  });
});

const lanes = (f: unknown, ...args: unknown[]) =>
  explain(f as AnyFunction)(...(args as never[])).loops.filter(({ kind }) => kind === 'lanes');

/** The program itself. */
function words(f: unknown, ...args: unknown[]): Float64Array {
  const flat = flattenArguments(args, 'words');
  return lower(record('words', f as AnyFunction, flat).graph).words;
}

describe('a loss whose backward sweep needs a reduction first', () => {
  const residual = perSample(diffusive);
  const losses: Record<string, (p: Params, X: np.Array) => np.Array> = {
    'root of a mean': (p, X) => np.sqrt(square(residual(p, X))),
    'a mean through a mean': (p, X) => {
      const r = residual(p, X);
      return square(r.sub(np.mean(r)));
    },
    'weights that sum to 1': (p, X) => {
      const r = np.square(residual(p, X));
      const e = np.exp(r.mul(0.1));
      return np.sum(e.div(np.sum(e)).mul(r));
    },
  };

  test.each(Object.entries(losses))('%s: computes again, and stores nothing', (_, f) => {
    const X = points(257);
    expectClose(native(grad(f))(params, X), interpreted(grad(f))(params, X), tolerance);
    const step = valueAndGrad(f);
    const [few, many] = [1000, 100_000].map((n) => lanes(step, params, points(n)));
    // The residual once for the reduction, and once more with the sweep back.
    const forward = lanes(residual, params, X)[0]!.passes;
    expect(many!.length).toBeGreaterThan(1);
    for (const loop of many!.slice(0, -1)) expect(loop).toMatchObject({ passes: forward, weightGradientPasses: 0 });
    expect(many!.at(-1)).toMatchObject({ passes: 2 * forward, weightGradientPasses: forward });
    // A block of samples takes what it takes, however many blocks there are.
    expect(many!.map((loop) => loop.arenaBytes)).toEqual(few!.map((loop) => loop.arenaBytes));
    for (const loop of many!) expect(loop.arenaBytes).toBeLessThan(2 ** 20);
  });
});

describe('written for one sample, or for all of them', () => {
  const X = points(500);
  const Y = np.sin(X.at(null, 0));
  const slopes = np.stack([np.cos(X.at(null, 0)), np.zerosLike(Y)], 1);
  const all = (p: Params, Z: np.Array) => np.squeeze(apply(p, Z), -1);
  const sumOfAll = (p: Params, Z: np.Array) => np.sum(apply(p, Z));

  test('a loss of values is the same program', () => {
    const one = (p: Params, x: np.Array, y: np.Array) => np.square(u(p, x).sub(y));
    const mapped = (p: Params, Z: np.Array, T: np.Array) => np.mean(vmap(one, [null, 0, 0])(p, Z, T));
    const inPart = (p: Params, Z: np.Array, T: np.Array) => square(perSample(u)(p, Z).sub(T));
    const whole = (p: Params, Z: np.Array, T: np.Array) => square(all(p, Z).sub(T));
    const expected = words(valueAndGrad(mapped), params, X, Y);
    expect(expected.length).toBeGreaterThan(100);
    expect(words(valueAndGrad(inPart), params, X, Y)).toEqual(expected);
    expect(words(valueAndGrad(whole), params, X, Y)).toEqual(expected);
  });

  /** What is done for every sample: all but a few additions of sums at the end. */
  const perSampleWork = (f: unknown, ...args: unknown[]) =>
    lanes(f, ...args).map(({ samples, block, arenaBytes, passes, weightGradientPasses }) => ({
      samples,
      block,
      arenaBytes,
      passes,
      weightGradientPasses,
    }));

  test('a loss of values and gradients costs the same, and is the same', () => {
    type Loss = (p: Params, Z: np.Array, T: np.Array, D: np.Array) => np.Array;
    const one = (p: Params, x: np.Array, y: np.Array, d: np.Array) =>
      np.square(u(p, x).sub(y)).add(np.mean(np.square(gradient(p, x).sub(d))));
    const mapped: Loss = (p, Z, T, D) => np.mean(vmap(one, [null, 0, 0, 0])(p, Z, T, D));
    const whole: Loss = (p, Z, T, D) => square(all(p, Z).sub(T)).add(square(grad(sumOfAll, wrtX)(p, Z).sub(D)));
    const args = [params, X, Y, slopes] as const;
    expect(perSampleWork(valueAndGrad(mapped), ...args)).toEqual(perSampleWork(valueAndGrad(whole), ...args));
    expectClose(valueAndGrad(mapped)(...args), valueAndGrad(whole)(...args), tolerance);
  });

  test('so does one of second derivatives, by gradients of sums of gradients', () => {
    const one = (p: Params, x: np.Array) => {
      const xx = grad((y: np.Array) => gradient(p, y).at(1))(x).at(1);
      return gradient(p, x).at(0).sub(xx);
    };
    const mapped = (p: Params, Z: np.Array) => square(perSample(one)(p, Z));
    const whole = (p: Params, Z: np.Array) => {
      const first = (V: np.Array) => grad(sumOfAll, wrtX)(p, V);
      const xx = grad((V: np.Array) => np.sum(first(V).at(null, 1)))(Z).at(null, 1);
      return square(first(Z).at(null, 0).sub(xx));
    };
    expect(perSampleWork(valueAndGrad(mapped), params, X)).toEqual(perSampleWork(valueAndGrad(whole), params, X));
    expectClose(valueAndGrad(mapped)(params, X), valueAndGrad(whole)(params, X), tolerance);
    const contracted = (p: Params, Z: np.Array) => square(perSample(diffusive)(p, Z));
    expectClose(valueAndGrad(contracted)(params, X), valueAndGrad(whole)(params, X), tolerance);
  });

  test('and so does one with a weight for every point, which is learned too', () => {
    // As long as what is mapped over by itself: the weights stay what the gradient is taken in.
    const Z = points(1500);
    const weights = np.add(1, np.square(Z.at(null, 1)));
    const residuals = (p: Params, V: np.Array) => {
      const first = (W: np.Array) => grad(sumOfAll, wrtX)(p, W);
      const xx = grad((W: np.Array) => np.sum(first(W).at(null, 1)))(V).at(null, 1);
      return first(V).at(null, 0).sub(xx);
    };
    const loss = (p: Params, w: np.Array) => np.mean(np.mul(w, np.square(residuals(p, Z))));
    const slopesOfWeights = grad(loss, { argnums: 1 })(params, weights);
    expectClose(slopesOfWeights, np.square(residuals(params, Z)).div(1500), tolerance);
    const both = grad(loss, { argnums: [0, 1] })(params, weights);
    expectClose(both[1], slopesOfWeights, tolerance);
    const mapped = (p: Params) => np.mean(np.mul(weights, np.square(perSample(diffusive)(p, Z))));
    expectClose(both[0], grad(mapped)(params), tolerance);
  });
});
