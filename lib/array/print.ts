import { positional, scientific } from './digits.js';
import type { DType, TypedArray } from './dtype.js';
import { rowMajorStrides, type Shape, size } from './shape.js';

// numpy's default print options: arrays here look as they do there, so that outputs can be compared by eye and by diff.
const precision = 8;
const threshold = 1000;
const edgeItems = 3;
const lineWidth = 75;

/**
 * As numpy's `str`: elements separated by blanks, columns aligned, one common choice between decimals and scientific
 * notation. A scalar appears as its shortest digits.
 */
export function formatArray(data: TypedArray, shape: Shape, dtype: DType): string {
  if (shape.length === 0) return formatScalar(data[0] as number, dtype);
  return layOut(data, shape, dtype, ' ', '', '');
}

/** As numpy's `repr`: `array([[1., 2.],\n       [3., 4.]], dtype=float32)`. */
export function inspectArray(data: TypedArray, shape: Shape, dtype: DType): string {
  const total = size(shape);
  const text = `array(${layOut(data, shape, dtype, ', ', 'array(', ')')}`;
  const extras: string[] = [];
  if ((total === 0 && !(shape.length === 1)) || total > threshold) {
    extras.push(`shape=(${shape.join(', ')}${shape.length === 1 ? ',' : ''})`);
  }
  // float64 and bool can be told from the digits.
  if ((dtype !== 'float64' && dtype !== 'bool') || total === 0) extras.push(`dtype=${dtype}`);
  if (extras.length === 0) return `${text})`;
  const tail = `${extras.join(', ')})`;
  const lastLine = text.length + 1 - (text.lastIndexOf('\n') + 1);
  return `${text},${lastLine + tail.length + 1 > lineWidth ? `\n${' '.repeat('array('.length)}` : ' '}${tail}`;
}

function formatScalar(x: number, dtype: DType): string {
  switch (dtype) {
    case 'bool':
      return x ? 'True' : 'False';
    case 'int32':
    case 'uint32':
      return String(x);
    case 'float32':
    case 'float64': {
      if (!Number.isFinite(x)) return nonFinite(x);
      const single = dtype === 'float32';
      const magnitude = Math.abs(x);
      if (magnitude === 0 || (magnitude >= 1e-4 && magnitude < (single ? 1e6 : 1e16)))
        return positional(x, single, { minDigits: 1 });
      // Scalars drop a point that nothing follows: 1e-05.
      return scientific(x, single).replace('.e', 'e');
    }
    default:
      return String(dtype satisfies never);
  }
}

function nonFinite(x: number): string {
  return Number.isNaN(x) ? 'nan' : x < 0 ? '-inf' : 'inf';
}

type Format = (x: number) => string;

function elementFormat(shown: readonly number[], dtype: DType, scalar: boolean): Format {
  if (dtype === 'bool') return (x) => (x ? (scalar ? 'True' : ' True') : 'False');
  if (dtype === 'float32' || dtype === 'float64') return floatFormat(shown, dtype === 'float32');
  const width = Math.max(...shown.map((x) => String(x).length));
  return (x) => String(x).padStart(width);
}

/** numpy's FloatingFormat with floatmode `maxprec`: one format that suits every element shown. */
function floatFormat(shown: readonly number[], single: boolean): Format {
  const finite = shown.filter(Number.isFinite);
  const magnitudes = finite.filter((x) => x !== 0).map(Math.abs);
  const max = Math.max(...magnitudes);
  const min = Math.min(...magnitudes);
  // float32 holds 6 decimal digits for sure, and from there on positional digits would suggest more than there is.
  // numpy compares in the array's own precision, which decides next to the limits.
  const round = single ? Math.fround : (x: number) => x;
  const exponential =
    magnitudes.length > 0 && (max >= (single ? 1e6 : 1e8) || min < round(0.0001) || round(max / min) > 1000);

  let padLeft = 0;
  let padRight = 0;
  let format: Format;
  if (exponential) {
    const texts = finite.map((x) => split(scientific(x, single, { precision })));
    const minDigits = Math.max(...texts.map((text) => text.fraction.length));
    const exponentDigits = Math.max(...texts.map((text) => text.exponent.length - 1));
    padLeft = Math.max(...texts.map((text) => text.whole.length));
    padRight = exponentDigits + 2 + minDigits;
    const width = padLeft + 1 + padRight;
    format = (x) => scientific(x, single, { precision: minDigits, minDigits, exponentDigits }).padStart(width);
  } else if (finite.length > 0) {
    const texts = finite.map((x) => split(positional(x, single, { precision })));
    padLeft = Math.max(...texts.map((text) => text.whole.length));
    padRight = Math.max(...texts.map((text) => text.fraction.length));
    format = (x) => {
      const text = positional(x, single, { precision });
      return ' '.repeat(padLeft - text.indexOf('.')) + text.padEnd(text.indexOf('.') + 1 + padRight);
    };
  } else {
    format = nonFinite;
  }
  if (finite.length < shown.length) {
    const room = padRight + 1;
    padLeft = Math.max(padLeft, 'nan'.length - room, (shown.includes(-Infinity) ? '-inf' : 'inf').length - room);
  }
  const width = padLeft + 1 + padRight;
  return (x) => (Number.isFinite(x) ? format(x) : nonFinite(x)).padStart(width);
}

function split(text: string): { whole: string; fraction: string; exponent: string } {
  const [mantissa = '', exponent = ''] = text.split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  return { whole, fraction, exponent };
}

function layOut(
  data: TypedArray,
  shape: Shape,
  dtype: DType,
  separator: string,
  prefix: string,
  suffix: string,
): string {
  const total = size(shape);
  if (total === 0) return '[]';
  const summarise = total > threshold;
  const strides = rowMajorStrides(shape);
  /** Indices along `axis` that are printed, the gap as −1. */
  const visible = (axis: number): number[] => {
    const length = shape[axis] as number;
    if (!summarise || length <= 2 * edgeItems) return globalThis.Array.from({ length }, (_, i) => i);
    const head = globalThis.Array.from({ length: edgeItems }, (_, i) => i);
    return [...head, -1, ...head.map((i) => length - edgeItems + i)];
  };
  const indices = shape.map((_, axis) => visible(axis));

  const shown: number[] = [];
  const collect = (axis: number, offset: number): void => {
    if (axis === shape.length) shown.push(data[offset] as number);
    else
      for (const i of indices[axis] as number[]) if (i >= 0) collect(axis + 1, offset + i * (strides[axis] as number));
  };
  collect(0, 0);
  const format = elementFormat(shown, dtype, shape.length === 0);

  const build = (axis: number, offset: number, indent: string, width: number): string => {
    if (axis === shape.length) return format(data[offset] as number);
    const stride = strides[axis] as number;
    const list = indices[axis] as number[];
    const bare = separator.trimEnd();
    if (axis + 1 < shape.length) {
      const newLines = bare + '\n'.repeat(shape.length - axis - 1);
      const blocks = list.map(
        (i) => indent + (i < 0 ? '...' : build(axis + 1, offset + i * stride, `${indent} `, width - 1)),
      );
      return `[${blocks.join(newLines).slice(indent.length)}]`;
    }
    // Rows wrap where the next word, with its separator or the closing bracket, would pass the line's end.
    const room = width - Math.max(bare.length, 1);
    let text = '';
    let line = indent;
    list.forEach((i, position) => {
      const word = i < 0 ? '...' : format(data[offset + i * stride] as number);
      if (line.length + word.length > room && line.length > indent.length) {
        text += `${line.trimEnd()}\n`;
        line = indent;
      }
      line += position + 1 < list.length ? word + separator : word;
    });
    return `[${(text + line).slice(indent.length)}]`;
  };
  return build(0, 0, ' '.repeat(1 + prefix.length), lineWidth - suffix.length);
}
