import { rowMajorStrides, size } from '../array/shape.js';
import { mapRows } from '../compile/rowwise.js';
import { reshape, slice, unbatch } from '../graph/build.js';
import { type MapAxis, type Node, topological } from '../graph/node.js';
import { simplify } from '../graph/simplify.js';
import { contractedHessian } from './contracted.js';
import { liveVariables } from './dispatch.js';

/*
 * Second derivatives the way they are mostly written, grad(grad(u)), or grad(x => grad(u)(x).at(1)): a sweep back over a sweep back
 * takes four passes over a network, an entry of the Hessian by contraction (see `contracted.ts`) three. So a gradient remembers what
 * it is the gradient of, and the gradient of an entry of it is a row of the contracted Hessian. Likewise for whole batches: the
 * gradient of a column of ∂(Σ_n u(x_n))/∂X, summed over its rows, has a row of every sample's Hessian.
 */

/** ∂of/∂variable, at what the variable is a copy of. */
interface Origin {
  readonly of: Node;
  readonly variable: Node;
}

/**
 * Most entries of x (of a sample) for which it pays. A row of d entries takes d tangents, if all of it is wanted: for three one pass
 * more than back over back, and one less for every entry that is not.
 */
const MOST = 3;

const origins = new WeakMap<Node, Origin>();

/** Axes of rows found here. */
const rowAxes = new WeakSet<MapAxis>();

/** Notes that `gradient` is ∂of/∂variable. */
export function rememberGradient(gradient: Node, of: Node, variable: Node): void {
  if (size(variable.shape) <= MOST || size(variable.shape.slice(1)) <= MOST) origins.set(gradient, { of, variable });
}

/** ∂y/∂x if y is known to be made of a gradient in x: null where that is zero, undefined where it is not known. */
export function gradientOfGradient(y: Node, x: Node): Node | null | undefined {
  const found = entryOf(y) ?? columnOf(y);
  if (!found) return undefined;
  const { of, variable } = found.origin;
  // x has no other way into the function than the variable.
  const isOwn = variable.op === 'copy' && variable.inputs[0] === x;
  if (!isOwn || reaches(of, x, variable)) return undefined;
  if (!found.summed) return size(x.shape) > MOST ? undefined : rowOfHessian(of, variable, found.index);
  const rows = perRow(of, variable);
  if (!rows || rows.value.shape.length > 0) return undefined;
  const row = rowOfHessian(rows.value, rows.x, found.index);
  rowAxes.add(rows.axis);
  return row && unbatch(row, 0, rows.axis);
}

/**
 * y with everything by rows where a part of it is: what whole batches and rows have in common is then the same, and a sweep back from
 * y goes over it once.
 */
export function byRows(y: Node): Node {
  const isByRows = topological([y]).some(({ attrs }) => attrs.axis !== undefined && rowAxes.has(attrs.axis));
  return isByRows ? simplify(mapRows([y], liveVariables), liveVariables)[0]! : y;
}

/** Whether `node` depends on x by other ways than through `variable`. */
const reaches = (node: Node, x: Node, variable: Node): boolean =>
  topological([node], (inner) => inner === variable).includes(x);

function rowOfHessian(of: Node, x: Node, index: number): Node | null {
  const block = contractedHessian([of], [x], 'matrix')[0]![0]![0]!;
  const d = size(x.shape);
  return block && reshape(slice(reshape(block, [d, d]), [index, 0], [1, d]), x.shape);
}

interface Found {
  readonly origin: Origin;
  readonly index: number;
  /** Whether it is that entry of every row, summed over the rows. */
  readonly summed: boolean;
}

/** The gradient that the one number y is an entry of. */
function entryOf(y: Node): Found | undefined {
  let [node, index] = [y, 0];
  for (;;) {
    const origin = origins.get(node);
    if (origin) return { origin, index, summed: false };
    const x = node.inputs[0]!;
    if (node.op === 'slice') {
      const [own, strides] = [rowMajorStrides(node.shape), rowMajorStrides(x.shape)];
      const along = (dim: number) => node.attrs.start![dim]! + (Math.floor(index / own[dim]!) % node.shape[dim]!);
      index = strides.reduce((sum, stride, dim) => sum + stride * along(dim), 0);
    } else if (node.op !== 'reshape') return undefined;
    node = x;
  }
}

const withoutReshapes = (node: Node): Node => (node.op === 'reshape' ? withoutReshapes(node.inputs[0]!) : node);

/** The gradient whose column y is the sum of: y = Σ_n gradient[n, k]. */
function columnOf(y: Node): Found | undefined {
  const sum = withoutReshapes(y);
  if (sum.op !== 'einsum' || sum.inputs.length !== 1 || sum.attrs.out!.length > 0) return undefined;
  const [labels] = sum.attrs.labels!;
  const column = withoutReshapes(sum.inputs[0]!);
  const gradient = column.inputs[0];
  const origin = gradient && origins.get(gradient);
  if (column.op !== 'slice' || !origin || new Set(labels).size < labels!.length) return undefined;
  const [rows] = gradient.shape;
  const start = column.attrs.start!;
  if (column.shape[0] !== rows || size(column.shape) !== rows) return undefined;
  const strides = rowMajorStrides(gradient.shape);
  return { origin, index: start.reduce((at, first, dim) => at + first * strides[dim]!, 0), summed: true };
}

/** The axes that values on the way to a node are mapped over. */
const axesOf = (node: Node): ReadonlySet<MapAxis> => new Set(topological([node]).flatMap(({ axes }) => axes));

/** A sum over the rows of X, each by itself: what it is of one row, and that row. */
function perRow(sum: Node, X: Node): { value: Node; x: Node; axis: MapAxis } | undefined {
  const [mapped] = mapRows([sum], new Set([...liveVariables, X]));
  const total = withoutReshapes(mapped!);
  if (total.op !== 'batchSum' || X.axes.length > 0) return undefined;
  const [value, axis] = [total.inputs[0]!, total.attrs.axis!];
  // Rows within rows, the compiler's finding and not the user's, would be left over in the result.
  const before = axesOf(sum);
  if (value.axes.length !== 1 || [...axesOf(value)].some((own) => own !== axis && !before.has(own))) return undefined;
  const isRow = ({ op, inputs, attrs }: Node) =>
    op === 'batch' && inputs[0] === X && attrs.dim === 0 && attrs.axis === axis;
  const x = topological([value]).find(isRow);
  return x && !reaches(value, X, x) ? { value, x, axis } : undefined;
}
