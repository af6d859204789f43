// leaks.mjs FOLDER LIBASAN: runs test/runtime/fixtures/leaks.mjs under LeakSanitizer and fails if memory that the addon in FOLDER
// allocated is left over. What counts is whether our code stands in the stack of an allocation: some releases of Node leak, too.
import { spawnSync } from 'node:child_process';

const [folder, library] = process.argv.slice(2);

/** The stacks of what was lost, all of them and ours. */
function leaks(...more) {
  const env = { ...process.env, LD_PRELOAD: library, ASAN_OPTIONS: 'detect_leaks=1:malloc_context_size=60' };
  const args = ['--expose-gc', 'test/runtime/fixtures/leaks.mjs', folder, ...more];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 2 ** 28, env });
  const all = stderr.split(/\n\n+/).filter((text) => /leak of \d+ byte/.test(text));
  if (status !== 0 && all.length === 0) {
    console.error(stderr.slice(-4000));
    throw new Error(`leaks: exit code ${status}`);
  }
  return { all, ours: all.filter((text) => /\bnabla(_testing)?\.node|\/native\/|nabla::/.test(text)) };
}

const { ours: planted } = leaks('123457');
if (planted.length !== 1 || !planted[0].includes('leak of 123457 byte')) {
  console.error(planted.join('\n\n'));
  throw new Error('leaks: a leak made on purpose was not seen, or not alone');
}
const { all, ours } = leaks();
if (ours.length > 0) {
  console.error(ours.join('\n\n'));
  throw new Error(`leaks: ${ours.length} of ${all.length} are nabla's`);
}
console.log(`leaks: none (${all.length} of Node's own); one made on purpose was seen`);
