import type { Node } from '../graph/node.js';
import { simplify } from '../graph/simplify.js';
import { repeatCheap } from './cheap-products.js';
import { moveNumbers } from './factors.js';
import { chooseLanes } from './lanes.js';
import { productsLast } from './products-last.js';
import { reassociate } from './reassociate.js';
import { mapRows } from './rowwise.js';
import { splitProducts } from './split.js';
import { mergeSums } from './sums.js';

type Pass = (outputs: readonly Node[]) => Node[];

/** The graph passes, in order: what is computed, over which samples, in which products, in which order factors and terms. */
export const passes: readonly (readonly [name: string, pass: Pass])[] = [
  ['simplify', simplify],
  ['mapRows', mapRows],
  ['simplify (rows)', simplify],
  ['chooseLanes', chooseLanes],
  ['simplify (lanes)', simplify],
  ['splitProducts', splitProducts],
  ['reassociate', reassociate],
  ['moveNumbers', moveNumbers],
  ['simplify (products)', simplify],
  ['repeatCheap', repeatCheap],
  ['productsLast', productsLast],
  ['mergeSums', mergeSums],
];

export const optimize = (outputs: readonly Node[]): readonly Node[] =>
  passes.reduce<readonly Node[]>((current, [, pass]) => pass(current), outputs);
