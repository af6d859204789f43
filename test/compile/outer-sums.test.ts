import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Draft, Placer } from '../../lib/compile/loop.js';
import { MAX_OUTER_PAIRS } from '../../lib/compile/opcodes.js';
import { mergeOuterSums } from '../../lib/compile/outer-sums.js';
import type { OuterPair, ProgramWriter } from '../../lib/compile/program-writer.js';
import type { Buffer, View } from '../../lib/compile/views.js';

const I = 3;
const J = 2;
const panel = (): Buffer => ({ space: 'panel', index: 0, size: 6, offset: -1 });
const viewOf = (buffer: Buffer): View => ({ buffer, offset: 0, shape: [6], strides: [1] });

/** A sum of a ⊗ b into accumulator 0 or 1; turned, its factors and strides are the other way round. */
function outer(a: Buffer, b: Buffer, accumulator: number, turned: boolean): Draft {
  const [first, second] = [
    { view: viewOf(a), strides: [1] },
    { view: viewOf(b), strides: [1] },
  ];
  const offset = accumulator * I * J;
  return {
    ...{ name: 'outerSum', reads: [a, b], writes: [], work: { multiplyAdds: I * J, columns: 1 } },
    outer: turned
      ? { I: J, J: I, offset, strides: [1, J], a: second, b: first }
      : { I, J, offset, strides: [J, 1], a: first, b: second },
    emit: (writer, place) =>
      writer.outerSum(...([[], I, J, { offset, strides: [J, 1] }] as const), {
        a: place(first.view),
        b: place(second.view),
      }),
  };
}

/** What is added to each accumulator, as terms, and the number of instructions that do it. */
function sums(drafts: readonly Draft[]) {
  const values = new Map<Buffer, string>();
  const terms: string[] = [];
  let instructions = 0;
  let written = 0;
  const names: string[] = [];
  const placed = new Set<Buffer>();
  let multiplyAdds = 0;
  let columns = 0;
  const place: Placer = ({ buffer }) => {
    placed.add(buffer);
    names.push(values.get(buffer) ?? 'nothing');
    return { base: { space: 'panel', index: 0, offset: names.length - 1 }, strides: [] };
  };
  const writer = {
    outerSum: (_: number[], rows: number, columns: number, to: { offset: number }, ...pairs: OuterPair[]) => {
      instructions++;
      expect([rows, columns]).toEqual([I, J]);
      expect(pairs.length).toBeLessThanOrEqual(MAX_OUTER_PAIRS);
      for (const { a, b } of pairs) terms.push(`${to.offset} += ${names[a.base.offset]} ${names[b.base.offset]}`);
    },
  } as unknown as ProgramWriter;
  for (const draft of drafts) {
    if (draft.name === 'outerSum') {
      placed.clear();
      draft.emit(writer, place);
      // What lives until here is what the instruction says it reads.
      expect(new Set(draft.reads)).toEqual(placed);
      multiplyAdds += draft.work!.multiplyAdds;
      columns += draft.work!.columns!;
    }
    for (const buffer of draft.writes) values.set(buffer, `v${written}`);
    if (draft.writes.length > 0) written++;
  }
  return { terms: terms.sort(), instructions, work: [multiplyAdds, columns] };
}

const nothing = () => undefined;

describe('mergeOuterSums', () => {
  it('adds up the same products of the same values', () => {
    const step = fc.record({
      kind: fc.nat(2),
      picks: fc.tuple(fc.nat(), fc.nat()),
      bit: fc.boolean(),
      turned: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const panels = [panel(), panel()];
        const drafts = panels.map((out): Draft => ({ name: 'v', reads: [], writes: [out], emit: nothing }));
        for (const { kind, picks, bit, turned } of steps) {
          const [a, b] = picks.map((pick) => panels[pick % panels.length]!) as [Buffer, Buffer];
          if (kind === 0) drafts.push({ name: 'again', reads: [a], writes: [a], emit: nothing });
          else if (kind === 1) drafts.push(outer(a, b, bit ? 1 : 0, turned));
          else {
            panels.push(panel());
            drafts.push({ name: 'v', reads: [a], writes: [panels.at(-1)!], emit: nothing });
          }
        }
        const [before, after] = [sums(drafts), sums(mergeOuterSums(drafts))];
        expect(after.terms).toEqual(before.terms);
        expect(after.work).toEqual(before.work);
        expect(after.instructions).toBeLessThanOrEqual(before.instructions);
      }),
      { numRuns: 300 },
    );
  });

  it('takes one instruction for what one accumulator gets, and no more than the format allows', () => {
    const panels = Array.from({ length: 7 }, panel);
    const drafts = panels.map((out): Draft => ({ name: 'v', reads: [], writes: [out], emit: nothing }));
    const products = panels.slice(1).map((b, i) => outer(panels[0]!, b, 0, i % 2 === 0));
    expect(sums(mergeOuterSums([...drafts, ...products.slice(0, 3)])).instructions).toBe(1);
    expect(sums(mergeOuterSums([...drafts, ...products])).instructions).toBe(2);
  });
});
