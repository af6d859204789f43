import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  ActivationOp,
  arity,
  LoopKind,
  MAX_GRAM_COLUMNS,
  MAX_OUTER_PAIRS,
  MAX_RANK,
  Op,
  Opcode,
  PROGRAM_MAGIC,
  PROGRAM_VERSION,
  ProgramDType,
  Space,
} from '../../lib/compile/opcodes.js';

const header = readFileSync(new URL('../../native/program/opcodes.h', import.meta.url), 'utf8');

/** { copy: 0, neg: 1, ... } of `enum class name : int { kCopy = 0, kNeg = 1, ... }` */
function enumOf(name: string): Record<string, number> {
  const body = new RegExp(`enum class ${name} : int \\{([^}]*)\\}`).exec(header)?.[1];
  if (body === undefined) throw new Error(`no enum ${name} in opcodes.h`);
  const lower = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
  return Object.fromEntries(
    [...body.matchAll(/k(\w+) = (\d+)/g)].map(([, key, value]) => [lower(key!), Number(value)]),
  );
}

const number = (name: string) => Number(new RegExp(`${name} = (\\w+);`).exec(header)?.[1]);

describe('numbers of the program format', () => {
  it.each([
    ['LoopKind', LoopKind],
    ['Space', Space],
    ['Opcode', Opcode],
    ['Op', Op],
    ['ActivationOp', ActivationOp],
  ])('%s is the same on both sides', (name, mirror) => {
    expect(enumOf(name)).toEqual(mirror);
  });

  it('dtypes are the same on both sides', () => {
    const { float32, float64, int32, uint32, bool } = ProgramDType;
    expect(enumOf('DType')).toEqual({ f32: float32, f64: float64, i32: int32, u32: uint32, u8: bool });
  });

  it('constants are the same on both sides', () => {
    expect(number('kProgramMagic')).toBe(PROGRAM_MAGIC);
    expect(number('kProgramVersion')).toBe(PROGRAM_VERSION);
    expect(number('kMaxRank')).toBe(MAX_RANK);
    expect(number('kMaxGramColumns')).toBe(MAX_GRAM_COLUMNS);
    expect(number('kMaxOuterPairs')).toBe(MAX_OUTER_PAIRS);
  });

  it('arity follows from the ranges of the header', () => {
    const ranges = ['kLastUnary', 'kFirstBinary', 'kLastBinary', 'kFirstTernary', 'kLastTernary'].map(number);
    const [lastUnary, firstBinary, lastBinary, firstTernary, lastTernary] = ranges as [
      number,
      number,
      number,
      number,
      number,
    ];
    for (const [name, value] of Object.entries(Op)) {
      const expected = value <= lastUnary ? 1 : value >= firstBinary && value <= lastBinary ? 2 : 3;
      if (expected === 3) expect(value >= firstTernary && value <= lastTernary).toBe(true);
      expect(arity(name as Op)).toBe(expected);
    }
  });
});
