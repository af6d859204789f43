// TensorFlow.js as a contestant, its WebAssembly back end: the contracted formula by hand. Its own way, tf.grad of tf.grad, ends
// in an error for this network: what an activation saves for its gradient is not on the outer tape.
import { dirname } from 'node:path';
import type { Case } from '../cases.js';
import { peerFile, requirePeer, versionOf } from './npm.js';
import { type Layer, layersOf } from './numbers.js';
import { type Data, type Floats, type Library, type Prepared, serve } from './serve.js';

interface Tensor {
  add(other: Tensor): Tensor;
  mul(other: Tensor | number): Tensor;
  matMul(other: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  tanh(): Tensor;
  sum(axis?: number): Tensor;
  slice(begin: number[], size: number[]): Tensor;
  expandDims(axis: number): Tensor;
  squeeze(axes?: number[]): Tensor;
  data(): Promise<Floats>;
  dispose(): void;
}
interface Tf {
  ready(): Promise<void>;
  setBackend(name: string): Promise<boolean>;
  getBackend(): string;
  tensor2d(data: Floats, shape: [number, number]): Tensor;
  tensor1d(data: Floats): Tensor;
  scalar(value: number): Tensor;
  sub(a: Tensor, b: Tensor): Tensor;
  stack(tensors: Tensor[], axis: number): Tensor;
  addN(tensors: Tensor[]): Tensor;
  tidy<T>(f: () => T): T;
}

async function load(): Promise<Library> {
  const tf = requirePeer('@tensorflow/tfjs') as Tf;
  const wasm = requirePeer('@tensorflow/tfjs-backend-wasm') as { setWasmPaths(folder: string): void };
  wasm.setWasmPaths(`${dirname(peerFile('@tensorflow/tfjs-backend-wasm/dist/index.js'))}/`);
  await tf.setBackend('wasm');
  await tf.ready();

  function prepare(_recipe: string, c: Case, data: Data): Prepared {
    const { N, d } = c;
    const raw: Layer[] = layersOf(c, data.params);
    const kernels = raw.map(({ inputs, outputs, kernel }) => tf.tensor2d(kernel, [inputs, outputs]));
    const biases = raw.map(({ bias }) => tf.tensor1d(bias));
    const one = tf.scalar(1);
    const X = tf.tensor2d(data.x, [N, d]);
    const last = kernels.length - 1;

    /** Tangents one tensor [N, n] per input; entries of H one column each. */
    const contracted = (): Tensor => {
      let t = X;
      let tangents: Tensor[] = [];
      const saved: { t: Tensor; slope: Tensor; before: Tensor[] }[] = [];
      for (let l = 0; l < last; l++) {
        t = t.matMul(kernels[l]!).add(biases[l]!).tanh();
        const slope = tf.sub(one, t.mul(t));
        const before =
          l === 0
            ? Array.from({ length: d }, (_, i) => kernels[0]!.slice([i, 0], [1, raw[0]!.outputs]))
            : tangents.map((v) => v.matMul(kernels[l]!));
        tangents = before.map((v) => v.mul(slope));
        saved.push({ t, slope, before });
      }
      let adjoint = kernels[last]!.squeeze([1]).expandDims(0);
      const terms: Tensor[][] = Array.from({ length: d * d }, () => []);
      for (let l = last - 1; l >= 0; l--) {
        const { t: activation, slope, before } = saved[l]!;
        const pulled = adjoint.mul(slope);
        const curvature = activation.mul(pulled).mul(-2);
        for (let i = 0; i < d; i++) {
          const weighted = before[i]!.mul(curvature);
          for (let j = i; j < d; j++) terms[i * d + j]!.push(weighted.mul(before[j]!).sum(1));
        }
        if (l > 0) adjoint = pulled.matMul(kernels[l]!, false, true);
      }
      const upper = terms.map((list) => (list.length > 0 ? tf.addN(list) : undefined));
      const entries = upper.map((entry, k) => entry ?? upper[(k % d) * d + Math.floor(k / d)]!);
      return tf.stack(entries, 1);
    };

    let result: Tensor | undefined;
    return {
      run: async () => {
        result?.dispose();
        result = tf.tidy(contracted);
        return result.data();
      },
      arrays: (found) => [found as Floats],
    };
  }
  const recipes = ({ quantity, dtype, N }: Case): string[] =>
    quantity === 'hessian' && dtype === 'float32' && N <= 65_536 ? ['contracted by hand'] : [];
  return {
    versions: { '@tensorflow/tfjs': versionOf('@tensorflow/tfjs'), backend: tf.getBackend(), node: process.version },
    recipes,
    prepare,
  };
}

serve(load);
