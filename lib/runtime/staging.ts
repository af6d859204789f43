import { type BufferSpec, constructorOf, type DataArray } from './program.js';

// Copying 12 MB into fresh memory costs the event loop 7 ms, of which 6 are the system's page faults; into memory used before it
// costs 1.2. So what the copies of finished runs occupied is kept for the next run, within bounds.
const smallest = 64 * 1024;
const limitBytes = 64 * 1024 * 1024;
const keepMilliseconds = 5_000;

const spares: DataArray[] = [];
let spareBytes = 0;
let timer: NodeJS.Timeout | undefined;

/** A copy of the array in memory nobody else can reach; `input` has the class and length of `spec`. */
export function stage(spec: BufferSpec, input: DataArray): DataArray {
  const constructor = constructorOf(spec);
  const i = spares.findIndex((spare) => spare instanceof constructor && spare.length === spec.length);
  // Not slice(): that of Node's Buffer is a view.
  if (i < 0) return new constructor(input);
  const spare = spares[i] as DataArray;
  spares.splice(i, 1);
  spareBytes -= spare.byteLength;
  spare.set(input);
  return spare;
}

/** Takes back what {@link stage} made, when the run that read it is over. */
export function release(copies: readonly DataArray[]): void {
  for (const copy of copies) {
    if (copy.byteLength < smallest || spareBytes + copy.byteLength > limitBytes) continue;
    spares.push(copy);
    spareBytes += copy.byteLength;
  }
  if (spares.length === 0) return;
  clearTimeout(timer);
  timer = setTimeout(() => {
    spares.length = 0;
    spareBytes = 0;
  }, keepMilliseconds).unref();
}
