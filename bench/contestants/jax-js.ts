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

  function prepare(_recipe: string, c: Case, data: Data): Prepared {
    const layers = layersOf(c, data.params).map(({ inputs, outputs, kernel, bias }) => ({
      kernel: np.array(kernel as Float32Array).reshape([inputs, outputs]),
      bias: np.array(bias as Float32Array),
    }));
    const x = np.array(data.x as Float32Array).reshape([c.N, c.d]);
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
    let last: JaxArray | undefined;
    return {
      run: async () => {
        last?.dispose();
        last = f(x.ref);
        await jax.blockUntilReady(last.ref);
        return last;
      },
      arrays: async (result) => [await (result as JaxArray).ref.data()],
    };
  }
  // Chunks were tried: none answers within a minute, and all of them leave less of the 4 GiB it can address to the whole batch.
  // It has float32 only where it is fast, and a million samples would take a minute.
  const recipes = ({ quantity, dtype, N }: Case): string[] =>
    (quantity === 'value' || quantity === 'hessian') && dtype === 'float32' && N <= 65_536 ? ['plain'] : [];
  return { versions: { '@jax-js/jax': versionOf('@jax-js/jax'), node: process.version }, recipes, prepare };
}

serve(load);
