import { shapesEqual, size } from '../array/shape.js';
import { info } from '../runtime/info.js';
import type { Loop } from './loop.js';
import type { View } from './views.js';

/**
 * Copies of large shared matrices in the order the dense kernel reads them: along the contracted axis.
 *
 * A kernel [in, out] is contiguous along its outputs, but the kernel of a forward product goes along the inputs, some rows of
 * the result at a time: from line to line of memory, and of each line it takes a part. As long as the matrix stays in the L1
 * cache that costs nothing. Beyond, it is as slow as the latency of the next cache: with 256 x 256 float32 a product forward
 * ran at 70 % of the FMA peak beside 90 % of the one back, which reads the same matrix along its rows. A copy takes about as long
 * as a sample's pass over it takes a hundred times.
 */
export class MatrixCopies {
  readonly #bytes: number;
  readonly #reserve: (elements: number) => number;
  readonly #copies: { readonly from: View; readonly to: View; emitted: boolean }[] = [];

  /**
   * @param bytes of an element
   * @param reserve takes memory in the shared space
   */
  constructor(bytes: number, reserve: (elements: number) => number) {
    this.#bytes = bytes;
    this.#reserve = reserve;
  }

  /** `matrix` [a, b], or a copy of it that is contiguous along `axis`, for a loop of so many samples. */
  contiguousAlong(matrix: View, axis: number, samples: number): View {
    const across = 1 - axis;
    const isAcross = matrix.strides[across] === 1 && matrix.strides[axis]! > 1;
    const isLarge = size(matrix.shape) * this.#bytes > (info().caches.l1d || L1_BYTES);
    if (!isAcross || !isLarge || samples < SAMPLES) return matrix;
    const known = this.#copies.find(
      ({ from }) =>
        from.buffer === matrix.buffer &&
        from.offset === matrix.offset &&
        shapesEqual(from.shape, matrix.shape) &&
        shapesEqual(from.strides, matrix.strides),
    );
    if (known) return known.to;
    const elements = size(matrix.shape);
    const buffer = { space: 'shared', index: 0, size: elements, offset: this.#reserve(elements) } as const;
    const strides = axis === 0 ? [1, matrix.shape[0]!] : [matrix.shape[1]!, 1];
    const to: View = { buffer, offset: 0, shape: matrix.shape, strides };
    this.#copies.push({ from: matrix, to, emitted: false });
    return to;
  }

  /** Emits the copies that were asked for since the last time. */
  emit(loop: Loop): void {
    for (const copy of this.#copies) {
      if (!copy.emitted) loop.copy(copy.to, copy.from);
      copy.emitted = true;
    }
  }
}

const L1_BYTES = 32 << 10;

/** A batch that pays for the copy many times over. */
const SAMPLES = 1024;
