import { NablaError } from '../runtime/errors.js';
import { maxElements } from './dtype.js';

/** Axis lengths, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** Number of elements: the product of the axis lengths, 1 for a scalar. */
export function size(shape: Shape): number {
  let n = 1;
  for (const length of shape) n *= length;
  return n;
}

/** Shapes as the errors and graphs print them: `[32, 3]`, `[]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

export function shapesEqual(a: Shape, b: Shape): boolean {
  if (a.length !== b.length) return false;
  // A loop and no closure: this runs for every array of every call.
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Strides in elements of a contiguous array, last axis fastest. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new globalThis.Array<number>(shape.length);
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis] as number;
  }
  return strides;
}

/**
 * The common shape of operands aligned at their last axes, where an axis of length 1 stretches.
 * @throws ERR_NABLA_SHAPE naming all shapes and the axis that disagrees.
 */
export function broadcastShapes(shapes: readonly Shape[], what = 'broadcast'): number[] {
  const ndim = Math.max(0, ...shapes.map((shape) => shape.length));
  const result = new globalThis.Array<number>(ndim).fill(1);
  for (const shape of shapes) {
    const shift = ndim - shape.length;
    shape.forEach((length, i) => {
      const axis = i + shift;
      if (length === 1 || length === result[axis]) return;
      if (result[axis] !== 1) {
        const fromEnd = axis - ndim;
        throw new NablaError(
          'ERR_NABLA_SHAPE',
          `${what}: shapes ${shapes.map(formatShape).join(' and ')} do not broadcast: axis ${fromEnd} has lengths ${result[axis]} and ${length}; ` +
            'aligned at the last axis, lengths must be equal or 1',
          { operation: what, shapes, axis: fromEnd },
        );
      }
      result[axis] = length;
    });
  }
  return result;
}

/**
 * Turns an axis in [−ndim, ndim) into one in [0, ndim).
 * @throws ERR_NABLA_AXIS if it is not an integer in that range.
 */
export function normalizeAxis(axis: number, ndim: number, what = 'axis'): number {
  if (typeof axis !== 'number' || !Number.isInteger(axis) || axis < -ndim || axis >= ndim) {
    const range = ndim === 0 ? 'a scalar has no axes' : `expected an integer from ${-ndim} to ${ndim - 1}`;
    throw new NablaError('ERR_NABLA_AXIS', `${what}: axis ${String(axis)} is out of range for ${ndim} axes; ${range}`, {
      operation: what,
      axis,
      ndim,
    });
  }
  return axis < 0 ? axis + ndim : axis;
}

/**
 * Normalizes one axis or a list of them; undefined and null mean all. The result is sorted and free of repetitions.
 * @throws ERR_NABLA_AXIS if an axis is out of range or named twice.
 */
export function normalizeAxes(
  axes: number | readonly number[] | null | undefined,
  ndim: number,
  what = 'axis',
): number[] {
  if (axes === undefined || axes === null) return globalThis.Array.from({ length: ndim }, (_, axis) => axis);
  const list = (typeof axes === 'number' ? [axes] : [...axes]).map((axis) => normalizeAxis(axis, ndim, what));
  if (new Set(list).size !== list.length) {
    throw new NablaError('ERR_NABLA_AXIS', `${what}: axes ${formatShape(axes as number[])} name the same axis twice`, {
      operation: what,
      axes,
      ndim,
    });
  }
  return list.sort((a, b) => a - b);
}

/**
 * Checks a shape given by a user: a list of non-negative integers, or one such integer for a vector. Returns a copy.
 * @throws ERR_NABLA_SHAPE for anything else; ERR_NABLA_TOO_LARGE if no array can have that many elements.
 */
export function checkShape(shape: unknown, what = 'shape'): number[] {
  if (typeof shape === 'number') return checkShape([shape], what);
  const list = globalThis.Array.isArray(shape) ? (shape as unknown[]) : undefined;
  if (!list?.every((length) => Number.isInteger(length) && (length as number) >= 0)) {
    let given = list ? `[${list.map(String).join(', ')}]` : String(shape);
    if (given.length > 80) given = `${given.slice(0, 77)}...`;
    throw new NablaError(
      'ERR_NABLA_SHAPE',
      `${what}: expected a shape, a list of non-negative integers, but received ${given}`,
      {
        operation: what,
        given: shape,
      },
    );
  }
  const checked = list.map((length) => (length as number) + 0);
  // Axes of length 0 are left out: the product of the others is a stride and has to be exact all the same.
  if (size(checked.filter((length) => length > 0)) > maxElements) {
    throw new NablaError(
      'ERR_NABLA_TOO_LARGE',
      `${what}: shape ${formatShape(checked)} exceeds the ${maxElements} elements one array may have`,
      { operation: what, shape: checked },
    );
  }
  return checked;
}
