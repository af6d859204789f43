import { expect, test } from 'vitest';
import { checkOptions } from '../../lib/runtime/options.js';
import { thrown } from '../support/thrown.js';

const known = ['argnums', 'hasAux'];

test('known options and none at all pass', () => {
  checkOptions(undefined, known, 'grad');
  checkOptions({}, known, 'grad');
  checkOptions({ argnums: 1, hasAux: true }, known, 'grad');
  checkOptions(Object.assign(Object.create(null), { argnums: 1 }), known, 'grad');
});

test.each([
  ['has_aux', 'hasAux'],
  ['HASAUX', 'hasAux'],
  ['argNums', 'argnums'],
  ['argnum', 'argnums'],
  ['arg_nums', 'argnums'],
])('%s is called %s here', (key, suggestion) => {
  const error = thrown(() => checkOptions({ [key]: 1 }, known, 'grad'));
  expect(error).toMatchObject({
    code: 'ERR_NABLA_OPTION',
    details: { operation: 'grad', option: key, suggestion, known },
  });
  expect(error.message).toContain(suggestion);
});

test('what resembles nothing gets the list', () => {
  const error = thrown(() => checkOptions({ allowInt: true }, known, 'grad'));
  expect(error.details).not.toHaveProperty('suggestion');
  expect(error.message).toContain('{ argnums, hasAux }');
  expect(thrown(() => checkOptions({ a: 1 }, [], 'f')).message).toContain('no options');
});

test.each([1, 'argnums', null, [0], () => 0, new Map(), true])('%s is no options object', (given) => {
  const error = thrown(() => checkOptions(given, known, 'grad'));
  expect(error.code).toBe('ERR_NABLA_OPTION');
  expect(error.message).toContain('{ argnums, hasAux }');
});
