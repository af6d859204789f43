import type { Draft } from './loop.js';
import type { Buffer } from './views.js';

/**
 * Puts the instructions of a block into an order in which fewer panels live at the same time: the arena has to stay in cache.
 * Lowering leaves them in the order of a depth-first walk from the results, which computes some values long before they are
 * used and leaves all sums over samples for the end, with their operands alive until then.
 *
 * The order of two instructions that touch the same memory, one of them writing, is kept: numbers do not change, but for the
 * order in which terms of one sum are added.
 */
export function schedule(drafts: readonly Draft[]): Draft[] {
  return sumsEarly(valuesLate(drafts));
}

/** Every value just before its first use, unless an operand would have to live longer for it than the value now does. */
function valuesLate(drafts: readonly Draft[]): Draft[] {
  // Instructions are sorted by where they go, then by where they stood. Later ones are placed first.
  const place = drafts.map((_, i) => i);
  const uses = new Map<Buffer, Uses>();
  for (let i = drafts.length - 1; i >= 0; i--) {
    const { reads, writes } = drafts[i]!;
    if (writes.length > 0) {
      const firstUse = Math.min(...writes.map((buffer) => uses.get(buffer)?.first ?? i));
      if (firstUse > i && isFree(reads, writes, uses, firstUse)) place[i] = firstUse;
    }
    const at = place[i]!;
    for (const buffer of reads) note(uses, buffer, at, false);
    for (const buffer of writes) note(uses, buffer, at, true);
  }
  const order = drafts.map((_, i) => i).sort((i, j) => place[i]! - place[j]! || i - j);
  return order.map((i) => drafts[i]!);
}

/** Places of the instructions seen so far, all of them later ones, that touch a buffer. */
interface Uses {
  first: number;
  last: number;
  firstWrite: number;
}

function note(uses: Map<Buffer, Uses>, buffer: Buffer, at: number, isWrite: boolean): void {
  const known = uses.get(buffer);
  const firstWrite = isWrite ? at : Number.POSITIVE_INFINITY;
  if (!known) {
    uses.set(buffer, { first: at, last: at, firstWrite });
    return;
  }
  known.first = Math.min(known.first, at);
  known.last = Math.max(known.last, at);
  known.firstWrite = Math.min(known.firstWrite, firstWrite);
}

function isFree(
  reads: readonly Buffer[],
  writes: readonly Buffer[],
  uses: ReadonlyMap<Buffer, Uses>,
  to: number,
): boolean {
  const result = writes.reduce((sum, buffer) => sum + buffer.size, 0);
  let kept = 0;
  for (const buffer of new Set(reads)) {
    if (buffer.space !== 'panel') continue;
    // An operand that is also the result was there before; this instruction does not begin its life.
    if (writes.includes(buffer)) return false;
    const later = uses.get(buffer);
    if (later && later.firstWrite <= to) return false;
    if (!later || later.last < to) kept += buffer.size;
  }
  return kept < result;
}

/** Every instruction that writes no panel just behind the last write of what it reads. */
function sumsEarly(drafts: readonly Draft[]): Draft[] {
  const written = new Map<Buffer, number>();
  const behind: Draft[][] = drafts.map(() => []);
  const free: Draft[] = [];
  drafts.forEach((draft, i) => {
    if (draft.writes.length > 0) {
      for (const buffer of draft.writes) written.set(buffer, i);
      behind[i]!.push(draft);
      return;
    }
    const ready = Math.max(-1, ...draft.reads.map((buffer) => written.get(buffer) ?? -1));
    (ready < 0 ? free : behind[ready]!).push(draft);
  });
  return [...free, ...behind.flat()];
}
