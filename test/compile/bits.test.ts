import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Array } from '../../lib/array/array.js';
import { lower } from '../../lib/compile/compile.js';
import type * as nn from '../../lib/nn/index.js';
import * as np from '../../lib/numpy/index.js';
import type { DataArray } from '../../lib/runtime/program.js';
import { type AnyFunction, flattenArguments } from '../../lib/transform/dispatch.js';
import { grad, valueAndGrad } from '../../lib/transform/grad.js';
import { hessian, laplacian, valueGradHessian } from '../../lib/transform/hessian.js';
import { jacfwd } from '../../lib/transform/jacobian.js';
import { record } from '../../lib/transform/record.js';
import { vmap } from '../../lib/transform/vmap.js';
import { isas, runOn } from '../exec/testing-addon.js';
import { addon } from '../runtime/machine.js';
import { network } from '../support/random-network.js';

interface Case {
  name: string;
  words: Float64Array;
  inputs: DataArray[];
}

/** The compiled program of f and the arrays it reads. */
function compiled(name: string, f: unknown, ...args: unknown[]): Case {
  const flat = flattenArguments(args, name);
  const lowered = lower(record(name, f as AnyFunction, flat).graph);
  return { name, words: lowered.words, inputs: [...flat.arrays.map((x) => x.data as DataArray), ...lowered.captured] };
}

const wrtX = { argnums: 1 } as const;
const batched = (f: unknown) =>
  vmap(f as (p: nn.ParamsLike, x: Array) => Array, [null, 0]) as (p: nn.ParamsLike, X: Array) => Array;

const cases = (['float32', 'float64'] as const).flatMap((dtype): Case[] => {
  const { u, apply, params, points } = network([20, 20, 1], 3, { dtype });
  const wide = network([17, 9, 2], 21, { dtype, activation: 'silu' });
  const X = points(2500);
  const loss = (p: nn.ParamsLike, Y: Array) => np.mean(np.square(batched(laplacian(u, wrtX))(p, Y)));
  const whole = (p: nn.ParamsLike, Y: Array) => np.mean(np.square(apply(p, Y)));
  const mixed = (x: Array) => np.sum(np.mul(np.sqrt(np.add(2, np.sin(x))), np.erf(np.log1p(np.exp(x)))));
  return [
    compiled(`${dtype}: value, gradient, Hessian`, batched(valueGradHessian(u, wrtX)), params, X),
    compiled(`${dtype}: wide input, two outputs`, batched(hessian(wide.apply, wrtX)), wide.params, wide.points(333)),
    compiled(`${dtype}: loss of Laplacians, and its gradient`, valueAndGrad(loss), params, X),
    compiled(`${dtype}: loss over the whole batch`, grad(whole), params, X),
    compiled(`${dtype}: third derivatives`, batched(jacfwd(hessian(u, wrtX) as never, wrtX)), params, points(77)),
    compiled(`${dtype}: other functions`, vmap(hessian(mixed)), points(1000)),
    compiled(`${dtype}: one sample`, hessian(u, wrtX), params, X.at(0)),
  ];
});

const hash = (arrays: readonly DataArray[]): string => {
  const all = createHash('sha256');
  for (const array of arrays) all.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  return all.digest('hex');
};

describe('whole programs have the same bits', () => {
  it.each(cases)('$name: on every instruction set, at 1 to 4 threads', ({ words, inputs }) => {
    const expected = hash(runOn(isas[0]!, 1, words, inputs)!);
    for (const isa of isas) {
      for (const threads of [1, 2, 3, 4]) {
        expect(hash(runOn(isa, threads, words, inputs)!), `${isa}, ${threads} threads`).toBe(expected);
      }
    }
  });
});

describe('NABLA_ISA and NABLA_NUM_THREADS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nabla-bits-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'cases.json');
  const chosen = cases.filter(({ name }) => /loss of|one sample|two outputs/.test(name));
  const type = (array: DataArray) => array.constructor.name;
  const expected = chosen.map(({ words, inputs }) => runOn(isas[0]!, 1, words, inputs)!);
  writeFileSync(
    file,
    JSON.stringify({
      addon,
      cases: chosen.map(({ words, inputs }, i) => ({
        words: [...words],
        inputs: inputs.map((array) => ({ type: type(array), numbers: [...array] })),
        outputs: expected[i]!.map((array) => ({ type: type(array), length: array.length })),
      })),
    }),
  );

  it.each(
    isas.flatMap(
      (isa, i) =>
        [
          [isa, 1 + (i % 4)],
          [isa, 4 - (i % 4)],
        ] as const,
    ),
  )('%s, %i threads', (isa, threads) => {
    const fixture = fileURLToPath(new URL('fixtures/hash.mjs', import.meta.url));
    const env = { ...process.env, NABLA_ISA: isa, NABLA_NUM_THREADS: String(threads) };
    const said = JSON.parse(execFileSync(process.execPath, [fixture, file], { env, encoding: 'utf8' }));
    expect(said).toEqual({ isa, threads, hashes: expected.map(hash) });
  });
});
