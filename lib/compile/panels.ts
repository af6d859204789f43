import type { Draft } from './loop.js';
import type { Buffer } from './views.js';

interface Slot {
  start: number;
  end: number;
  /** Last instruction that touches what lies here. */
  last: number;
}

/**
 * Gives every panel a place in the arena so that panels alive at the same time do not overlap and the arena stays small:
 * it has to stay in cache. First fit in order of birth; an elementwise result takes over the place of an operand that
 * dies with it.
 * @returns elements of the arena (to be multiplied by the lanes)
 */
export function allocatePanels(drafts: readonly Draft[], panels: readonly Buffer[]): number {
  const last = new Map<Buffer, number>();
  drafts.forEach((draft, i) => {
    for (const buffer of [...draft.reads, ...draft.writes]) last.set(buffer, i);
  });
  const known = new Set(panels);
  const slots = new Map<Buffer, Slot>();
  let arena = 0;
  drafts.forEach((draft, i) => {
    for (const buffer of draft.writes) {
      if (!known.has(buffer) || slots.has(buffer)) continue;
      const heir = (draft.inPlace ?? []).find((x) => {
        const slot = slots.get(x);
        return slot !== undefined && slot.last === i && slot.end - slot.start === buffer.size && last.get(x) === i;
      });
      const alive = [...slots.values()].filter((slot) => slot.last >= i && slot !== slots.get(heir!));
      const start = heir ? slots.get(heir)!.start : firstGap(alive, buffer.size);
      if (heir) slots.get(heir)!.last = -1;
      const slot = { start, end: start + buffer.size, last: last.get(buffer)! };
      slots.set(buffer, slot);
      buffer.offset = start;
      arena = Math.max(arena, slot.end);
    }
  });
  return arena;
}

function firstGap(alive: Slot[], length: number): number {
  alive.sort((a, b) => a.start - b.start);
  let at = 0;
  for (const slot of alive) {
    if (slot.start - at >= length) return at;
    at = Math.max(at, slot.end);
  }
  return at;
}
