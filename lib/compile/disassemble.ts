import { type InstructionView, type LoopView, readProgram } from './program-reader.js';
import type { Base, Operand } from './program-writer.js';

/**
 * A program in words a person can read, one instruction a line:
 *
 * ```text
 * program float32
 *   in0  float32[96]
 *   in1  float32[60]
 *   out0  float32[640]
 * loop 0: lanes N=32 B=32, arena 736
 *    0  gather       p0{32} = in0{1} lane 3  [3]
 *    1  dense        p96{32,32} = W in1{20,1} * p0{32,32}  J=20 K=3 C=1
 *    2  scatter      out0{1} lane 20 = p96{32}  [20]
 * ```
 *
 * Places are `p` panel, `s` shared, `a` accumulator (each followed by its offset), `in`, `out` and `c` (followed by the index,
 * and by `+offset` if there is one). Strides stand in braces, dims in brackets.
 */
export function disassemble(words: Float64Array): string {
  const program = readProgram(words);
  const lines = [`program ${program.dtype}${program.sharedElements > 0 ? `, shared ${program.sharedElements}` : ''}`];
  program.inputs.forEach((spec, i) => {
    lines.push(`  in${i}  ${spec.dtype}[${spec.length}]`);
  });
  program.outputs.forEach((spec, i) => {
    lines.push(`  out${i}  ${spec.dtype}[${spec.length}]`);
  });
  program.constants.forEach((value, i) => {
    lines.push(`  c${i} = ${Object.is(value, -0) ? '-0' : value}`);
  });
  program.loops.forEach((loop, i) => {
    lines.push(`loop ${i}: ${loopTitle(loop)}`);
    const width = String(loop.instructions.length).length + 2;
    loop.instructions.forEach((instruction, j) => {
      lines.push(`${String(j).padStart(width)}  ${instruction.opcode.padEnd(11)}  ${body(instruction)}`);
    });
    for (const final of loop.finals) {
      const times = final.beta === 0 ? '' : `${final.beta} * itself + `;
      lines.push(`  final ${place(final.destination.base)} = ${times}a${final.accumulatorOffset} [${final.length}]`);
    }
  });
  return `${lines.join('\n')}\n`;
}

function loopTitle(loop: LoopView): string {
  if (loop.kind === 'flat') return 'flat';
  const sums = loop.accumulatorElements > 0 ? `, accumulators ${loop.accumulatorElements}` : '';
  return `lanes N=${loop.N} B=${loop.B}, arena ${loop.arenaElements}${sums}`;
}

function body(i: InstructionView): string {
  switch (i.opcode) {
    case 'elementwise':
      return `${show(i.out)} = ${i.op}(${i.inputs.map(show).join(', ')})  ${shape(i.dims)}`;
    case 'dense': {
      const bias =
        i.bias.base.space === 'none'
          ? ''
          : ` + ${show(i.bias)}${i.biasColumns < i.C ? ` (columns < ${i.biasColumns})` : ''}`;
      const scale = i.scale.base.space === 'none' ? '' : `${show(i.scale)} * `;
      const product = `W ${show(i.W)} * ${show(i.x)}${bias}`;
      const value = scale === '' ? product : `${scale}(${product})`;
      const plain = i.plain.base.space === 'none' ? '' : `, ${show(i.plain)} without the scale`;
      return `${show(i.out)}${plain} ${i.accumulate ? '+=' : '='} ${value}  J=${i.J} K=${i.K} C=${i.C}`;
    }
    case 'denseGram': {
      const is = (o: Operand) => o.base.space !== 'none';
      const w = is(i.weight2) ? `${i.factor} * ${show(i.weight)} * ${show(i.weight2)}` : show(i.weight);
      const out = is(i.out) ? `, ${show(i.out)} = ${is(i.scale) ? `${show(i.scale)} * ` : ''}s` : '';
      return `s = W ${show(i.W)} * ${show(i.x)}, ${show(i.gram)} ${i.accumulate ? '+=' : '='} s * (${w}) * s${out}  J=${i.J} K=${i.K} C=${i.C}`;
    }
    case 'contract': {
      const w = i.w.base.space === 'none' ? '' : ` * ${show(i.w)}`;
      const how = i.symmetric ? '  symmetric' : '';
      return `${show(i.out)} ${i.accumulate ? '+=' : '='} ${show(i.a)}${w} * ${show(i.b)}  ${shape(i.dims)} I=${i.I} J=${i.J} K=${i.K}${how}`;
    }
    case 'activation':
      return `${show(i.value)}, ${show(i.slope)} = ${i.op}, ${i.op}'(${show(i.z)})  [${i.rows}]`;
    case 'reduceSum':
      return `${show(i.out)} = sum ${show(i.source)}  ${shape(i.dims)}`;
    case 'gather':
      return `${show(i.out)} = ${show(i.source)} lane ${i.laneStride}  ${shape(i.dims)}`;
    case 'scatter':
      return `${show(i.destination)} lane ${i.laneStride} = ${show(i.source)}  ${shape(i.dims)}`;
    case 'laneSum':
      return `a${i.accumulator.offset}${strides(i.accumulator.strides)} += ${show(i.source)}  ${shape(i.dims)}`;
    case 'outerSum':
      return `a${i.accumulator.offset}${strides(i.accumulator.strides)} += ${i.pairs.map(({ a, b }) => `${show(a)} x ${show(b)}`).join(' + ')}  ${shape(i.dims)} I=${i.I} J=${i.J}`;
  }
}

function place(base: Base): string {
  switch (base.space) {
    case 'none':
      return '-';
    case 'panel':
      return `p${base.offset}`;
    case 'shared':
      return `s${base.offset}`;
    case 'accumulator':
      return `a${base.offset}`;
    case 'constant':
      return `c${base.index}`;
    case 'input':
      return `in${base.index}${base.offset > 0 ? `+${base.offset}` : ''}`;
    case 'output':
      return `out${base.index}${base.offset > 0 ? `+${base.offset}` : ''}`;
  }
}

const strides = (values: readonly number[]): string => (values.length > 0 ? `{${values.join(',')}}` : '');
const show = (operand: Operand): string => place(operand.base) + strides(operand.strides);
const shape = (dims: readonly number[]): string => `[${dims.join(',')}]`;
