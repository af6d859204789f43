// jax-js as a contestant, its WebAssembly back end: the program a user would write.
import type { Case } from '../cases.js';
import { importPeer, versionOf } from './npm.js';
import { layersOf } from './numbers.js';
import { type Data, type Library, type Prepared, serve } from './serve.js';

/** An array counts its references; `ref` is one more use of it. */
interface JaxArray {
  readonly ref: JaxArray;
  add(other: JaxArray): JaxArray;
  reshape(shape: readonly number[]): JaxArray;
  data(): Promise<Float32Array>;
  dispose(): void;
}
type Fn = (x: JaxArray) => JaxArray;
interface Jax {
  init(device: string): Promise<string[]>;
  defaultDevice(device: string): string;
  jit(f: Fn): Fn;
  vmap(f: Fn, inAxes: readonly number[]): Fn;
  hessian(f: Fn): Fn;
  blockUntilReady(x: JaxArray): Promise<JaxArray>;
  numpy: {
    array(data: Float32Array): JaxArray;
    tanh(x: JaxArray): JaxArray;
    squeeze(x: JaxArray): JaxArray;
    matmul(a: JaxArray, b: JaxArray): JaxArray;
  };
}

async function load(): Promise<Library> {
  const jax = (await importPeer('@jax-js/jax/dist/index.js')) as Jax;
  const np = jax.numpy;
  if (!(await jax.init('wasm')).includes('wasm')) throw new Error('it has no WebAssembly back end here');
  jax.defaultDevice('wasm');

  function prepare(recipe: string, c: Case, data: Data): Prepared {
    const layers = layersOf(c, data.params).map(({ inputs, outputs, kernel, bias }) => ({
      kernel: np.array(kernel as Float32Array).reshape([inputs, outputs]),
      bias: np.array(bias as Float32Array),
    }));
    const size = Number(/, chunks of (\d+)$/.exec(recipe)?.[1] ?? c.N);
    const parts = Array.from({ length: Math.ceil(c.N / size) }, (_, i) => {
      const part = (data.x as Float32Array).slice(i * size * c.d, (i + 1) * size * c.d);
      return np.array(part).reshape([part.length / c.d, c.d]);
    });
    // Its hessian takes functions of one argument: the parameters are constants of the compiled program.
    const u = (sample: JaxArray): JaxArray => {
      let t = sample;
      for (const [l, { kernel, bias }] of layers.entries()) {
        const z = np.matmul(t, kernel.ref).add(bias.ref);
        t = l < layers.length - 1 ? np.tanh(z) : z;
      }
      return np.squeeze(t);
    };
    const f = jax.jit(jax.vmap(c.quantity === 'value' ? u : jax.hessian(u), [0]));
    let last: JaxArray[] = [];
    return {
      run: async () => {
        for (const result of last) result.dispose();
        last = parts.map((x) => f(x.ref));
        for (const result of last) await jax.blockUntilReady(result.ref);
        return last;
      },
      arrays: async (results) => {
        const data = await Promise.all((results as JaxArray[]).map((result) => result.ref.data()));
        return [Float32Array.from(data.flatMap((part) => [...part]))];
      },
    };
  }
  // It has float32 only where it is fast, and a million samples would take a minute. A whole batch of a wide network is more than
  // the 4 GiB it can address.
  const recipes = ({ quantity, dtype, N }: Case): string[] =>
    (quantity === 'value' || quantity === 'hessian') && dtype === 'float32' && N <= 65_536
      ? ['plain', ...[64, 512, 4096].filter((size) => 2 * size <= N).map((size) => `plain, chunks of ${size}`)]
      : [];
  return { versions: { '@jax-js/jax': versionOf('@jax-js/jax'), node: process.version }, recipes, prepare };
}

serve(load);
