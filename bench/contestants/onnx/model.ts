// ONNX models of a batch of B samples, parameters inside: what someone would build by hand who knows the formulas.
import type { Case } from '../../cases.js';
import { requirePeer } from '../npm.js';
import { type Layer, layersOf } from '../numbers.js';
import type { Floats } from '../serve.js';

interface Encoder {
  ModelProto: { encode(model: object): { finish(): Uint8Array } };
}

const FLOAT = 1;
const INT64 = 7;
const DOUBLE = 11;
const attributeTypes = { i: 2, ints: 7 } as const;

/** Collects nodes and constants; every method returns the name of its result. */
class GraphBuilder {
  readonly nodes: object[] = [];
  readonly initializers: object[] = [];
  readonly #elementType: number;
  #names = 0;

  constructor(readonly dtype: 'float32' | 'float64') {
    this.#elementType = dtype === 'float32' ? FLOAT : DOUBLE;
  }

  get elementType(): number {
    return this.#elementType;
  }

  op(
    opType: string,
    input: string[],
    attributes: { i?: Record<string, number>; ints?: Record<string, number[]> } = {},
  ) {
    const name = `v${this.#names++}`;
    const attribute = [
      ...Object.entries(attributes.i ?? {}).map(([key, i]) => ({ name: key, type: attributeTypes.i, i })),
      ...Object.entries(attributes.ints ?? {}).map(([key, ints]) => ({ name: key, type: attributeTypes.ints, ints })),
    ];
    this.nodes.push({ opType, input, output: [name], attribute });
    return name;
  }

  constant(numbers: Floats | readonly number[], dims: readonly number[]): string {
    const data = this.dtype === 'float32' ? Float32Array.from(numbers) : Float64Array.from(numbers);
    return this.#tensor(this.#elementType, new Uint8Array(data.buffer), dims);
  }

  indices(numbers: readonly number[]): string {
    const data = BigInt64Array.from(numbers.map(BigInt));
    return this.#tensor(INT64, new Uint8Array(data.buffer), [numbers.length]);
  }

  #tensor(dataType: number, rawData: Uint8Array, dims: readonly number[]): string {
    const name = `c${this.#names++}`;
    this.initializers.push({ name, dataType, dims, rawData });
    return name;
  }
}

function transpose({ inputs, outputs, kernel }: Layer): number[] {
  return Array.from({ length: inputs * outputs }, (_, k) => kernel[(k % inputs) * outputs + Math.floor(k / inputs)]!);
}

/**
 * Values, values with gradients, or Hessians of B samples, x [B, d] -> outputs. Tangents are [d, B, n], so that each layer is
 * one product of (d·B) × n by n × n. `gram` says how JᵀdJ is formed: for each pair of inputs entrywise and summed over the
 * layer by a product with ones, or as B small products.
 */
export function buildModel(c: Case, params: Floats, B: number, gram: 'pairs' | 'batched'): Uint8Array {
  const { d, quantity } = c;
  const layers = layersOf(c, params);
  const g = new GraphBuilder(c.dtype);
  const kernels = layers.map((l) => g.constant(l.kernel, [l.inputs, l.outputs]));
  const one = g.constant([1], [1]);
  const last = layers.length - 1;

  // Forward: values z, activations t, slopes 1 − t², tangents before the activation.
  let t = 'x';
  let tangents: string | undefined;
  const saved: { t: string; slope: string; before: string }[] = [];
  for (const [l, layer] of layers.entries()) {
    const z = g.op('Gemm', [t, kernels[l]!, g.constant(layer.bias, [layer.outputs])]);
    if (l === last) {
      t = z;
      break;
    }
    t = g.op('Tanh', [z]);
    if (quantity === 'value') continue;
    const slope = g.op('Sub', [one, g.op('Mul', [t, t])]);
    let before = '';
    if (quantity === 'hessian') {
      before = tangents ? g.op('MatMul', [tangents, kernels[l]!]) : g.constant(layer.kernel, [d, 1, layer.outputs]);
      tangents = g.op('Mul', [before, slope]);
    }
    saved.push({ t, slope, before });
  }
  const outputs = quantity === 'hessian' ? [] : [t];

  // Backward: adjoint of each activation, curvature 2·t·slope·adjoint (its sign comes last).
  if (quantity !== 'value') {
    const pairs = Array.from({ length: d }, (_, i) =>
      Array.from({ length: d - i }, (_, k) => [i, i + k] as const),
    ).flat();
    const row = g.indices(pairs.map(([i]) => i));
    const column = g.indices(pairs.map(([, j]) => j));
    let adjoint = g.constant(layers[last]!.kernel, [1, layers[last]!.inputs]);
    const terms: string[] = [];
    for (let l = last - 1; l >= 0; l--) {
      const layer = layers[l]!;
      const { t: activation, slope, before } = saved[l]!;
      const pulled = g.op('Mul', [adjoint, slope]);
      if (quantity === 'hessian') {
        const weighted = g.op('Mul', [before, g.op('Mul', [activation, pulled])]);
        if (gram === 'pairs') {
          const product = g.op('Mul', [
            g.op('Gather', [before, row], { i: { axis: 0 } }),
            g.op('Gather', [weighted, column], { i: { axis: 0 } }),
          ]);
          terms.push(g.op('MatMul', [product, g.constant(new Array(layer.outputs).fill(1), [layer.outputs, 1])]));
        } else {
          const samplesFirst = g.op('Transpose', [weighted], { ints: { perm: [1, 0, 2] } });
          const columns = g.op('Transpose', [before], { ints: { perm: [1, 2, 0] } });
          terms.push(g.op('MatMul', [samplesFirst, columns]));
        }
      }
      if (l > 0 || quantity === 'gradient') {
        adjoint = g.op('MatMul', [pulled, g.constant(transpose(layer), [layer.outputs, layer.inputs])]);
      }
    }
    if (quantity === 'gradient') outputs.push(adjoint);
    else {
      const sum = terms.length > 1 ? g.op('Sum', terms) : terms[0]!;
      let H = g.op('Mul', [sum, g.constant([-2], [1])]);
      if (gram === 'pairs') {
        const at = (i: number, j: number) => pairs.findIndex(([a, b]) => a === Math.min(i, j) && b === Math.max(i, j));
        const all = Array.from({ length: d * d }, (_, k) => at(Math.floor(k / d), k % d));
        const full = g.op('Gather', [H, g.indices(all)], { i: { axis: 0 } });
        H = g.op('Transpose', [full], { ints: { perm: [1, 0, 2] } });
      }
      outputs.push(H);
    }
  }

  const tensor = (name: string, dims?: number[]) => ({
    name,
    type: {
      tensorType: { elemType: g.elementType, shape: dims && { dim: dims.map((dimValue) => ({ dimValue })) } },
    },
  });
  const { onnx } = requirePeer('onnx-proto') as { onnx: Encoder };
  return onnx.ModelProto.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    graph: {
      name: c.quantity,
      node: g.nodes,
      initializer: g.initializers,
      input: [tensor('x', [B, d])],
      output: outputs.map((name) => tensor(name)),
    },
  }).finish();
}
