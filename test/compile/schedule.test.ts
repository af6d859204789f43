import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draft } from '../../lib/compile/loop.js';
import { allocatePanels } from '../../lib/compile/panels.js';
import { schedule } from '../../lib/compile/schedule.js';
import type { Buffer } from '../../lib/compile/views.js';

const nothing = () => {};

/** Instructions as lowering makes them: results in new panels, some added to or read again, sums that write none. */
const programs = fc
  .array(
    fc.record({ kind: fc.integer({ min: 0, max: 3 }), picks: fc.array(fc.nat(), { maxLength: 3 }), size: fc.nat(9) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  )
  .map((steps) => {
    const panels: Buffer[] = [];
    const drafts = steps.map(({ kind, picks, size }, i): Draft => {
      const reads = panels.length === 0 ? [] : picks.map((pick) => panels[pick % panels.length]!);
      const name = `f${i}`;
      if (kind === 0 && reads.length > 0) return { name, reads, writes: [], emit: nothing };
      if (kind === 1 && reads.length > 0) return { name, reads, writes: [reads[0]!], emit: nothing };
      const out: Buffer = { space: 'panel', index: 0, size: 1 + size, offset: -1 };
      panels.push(out);
      return { name, reads, writes: [out], inPlace: reads.slice(0, 1), emit: nothing };
    });
    return { drafts, panels };
  });

/** What every instruction computes, written out as a term. */
function terms(drafts: readonly Draft[]): Map<string, string> {
  const values = new Map<Buffer, string>();
  const all = new Map<string, string>();
  for (const { name, reads, writes } of drafts) {
    const term = `${name}(${reads.map((buffer) => values.get(buffer)).join(',')})`;
    all.set(name, term);
    for (const buffer of writes) values.set(buffer, term);
  }
  return all;
}

describe('schedule', () => {
  it('changes no value', () => {
    fc.assert(
      fc.property(programs, ({ drafts }) => {
        const before = terms(drafts);
        const after = terms(schedule(drafts));
        expect([...after].sort()).toEqual([...before].sort());
      }),
    );
  });

  it('sums where the operands are, so that they need not wait for the end', () => {
    const panel = (): Buffer => ({ space: 'panel', index: 0, size: 10, offset: -1 });
    const panels = Array.from({ length: 8 }, panel);
    const chain = panels.map(
      (out, i): Draft => ({ name: `v${i}`, reads: panels.slice(i - 1, i), writes: [out], emit: nothing }),
    );
    const sums = panels.map((x, i): Draft => ({ name: `s${i}`, reads: [x], writes: [], emit: nothing }));
    expect(allocatePanels([...chain, ...sums], panels)).toBe(80);
    const fresh = Array.from({ length: 8 }, panel);
    const moved = [...chain, ...sums].map((draft) => ({
      ...draft,
      reads: draft.reads.map((x) => fresh[panels.indexOf(x)]!),
      writes: draft.writes.map((x) => fresh[panels.indexOf(x)]!),
    }));
    const order = schedule(moved);
    expect(order.map(({ name }) => name)).toEqual(panels.flatMap((_, i) => [`v${i}`, `s${i}`]));
    expect(allocatePanels(order, fresh)).toBe(20);
  });

  it('computes a value late if its operands live as long anyway', () => {
    const [x, early, y] = Array.from({ length: 3 }, (): Buffer => ({ space: 'panel', index: 0, size: 10, offset: -1 }));
    const order = schedule([
      { name: 'x', reads: [], writes: [x!], emit: nothing },
      { name: 'early', reads: [x!], writes: [early!], emit: nothing },
      { name: 'y', reads: [x!], writes: [y!], emit: nothing },
      { name: 'sum', reads: [early!, y!, x!], writes: [], emit: nothing },
    ]);
    expect(order.map(({ name }) => name)).toEqual(['x', 'early', 'y', 'sum']);
    const late = schedule([
      { name: 'x', reads: [], writes: [x!], emit: nothing },
      { name: 'early', reads: [x!], writes: [early!], emit: nothing },
      { name: 'y', reads: [x!], writes: [y!], emit: nothing },
      { name: 'sum of y', reads: [y!], writes: [], emit: nothing },
      { name: 'sum', reads: [early!, x!], writes: [], emit: nothing },
    ]);
    expect(late.map(({ name }) => name)).toEqual(['x', 'y', 'sum of y', 'early', 'sum']);
  });
});
