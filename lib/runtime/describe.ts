/** A short name of any value for messages: `a list of 3 entries`, `an array of shape [2, 3]`, `the string 'a'`. */
export function describe(x: unknown): string {
  if (x === null || x === undefined) return String(x);
  if (typeof x === 'string') return x.length > 40 ? `the string '${x.slice(0, 37)}...'` : `the string '${x}'`;
  if (typeof x === 'number' || typeof x === 'boolean') return String(x);
  if (typeof x === 'bigint') return `the bigint ${x}n`;
  if (typeof x === 'symbol') return 'a symbol';
  if (typeof x === 'function') return x.name ? `the function ${x.name}` : 'a function';
  if (ArrayBuffer.isView(x)) {
    const { length, [Symbol.toStringTag]: brand } = x as Uint8Array;
    return length === undefined ? 'a DataView' : `a ${brand} of ${length} elements`;
  }
  if (Array.isArray(x)) return `a list of ${x.length} entries`;
  const { shape, constructor } = x as { shape?: unknown; constructor?: { name?: string } };
  const name = constructor?.name;
  if (name === undefined || name === '' || name === 'Object') {
    const keys = Object.keys(x as object);
    return `an object { ${keys.slice(0, 5).join(', ')}${keys.length > 5 ? ', ...' : ''} }`;
  }
  return Array.isArray(shape) ? `an array of shape [${shape.join(', ')}]` : `an object of class ${name}`;
}
