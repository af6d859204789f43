/** Pytrees as users see them: `tree.map(f, params)`, `tree.leaves(params)`, `tree.ravel(params)`. */
export { ravel, type Unravel } from './ravel.js';
export { flatten, leaves, type MapLeaves, map, paths, type Tree, TreeStructure, unflatten } from './tree.js';
