import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { afterAll, describe, expect, test, vi } from 'vitest';

/** The TypeScript examples of a document, each with the heading it stands under. */
function examples(file: string): { heading: string; code: string }[] {
  const found: { heading: string; code: string }[] = [];
  let heading = '';
  for (const [, title, code] of readFileSync(file, 'utf8').matchAll(/^#+ (.*)$|^```ts\n([\s\S]*?)^```$/gm)) {
    if (title !== undefined) heading = title;
    else found.push({ heading, code: code! });
  }
  return found;
}

// Inside the project, so that `nabla` resolves as it does in the tests.
const folder = mkdtempSync(join(import.meta.dirname, 'run-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Program {
  readonly name: string;
  readonly code: string;
  /** Some of what it prints, in this order. */
  readonly prints: readonly string[];
}

const readme = [
  ['[ 32, 3 ] [ 32, 3, 3 ] [ 32 ] [ 32, 3 ]'],
  ['[ 1, 2, 2 ] [ 100000, 2, 2 ]'],
  ['Dense_0', '9 passes over the weights'],
  ['ERR_NABLA_NESTED_MAP'],
];
const training = [
  '15\n',
  'the same losses: true 400',
  'relative errors: true true',
  "the term 'interior' is NaN, first at sample 1 of 2 (data.interior[1] = [NaN, 0.1])",
];
// Every example of the README stands by itself; those of the guide are one program.
const programs: readonly Program[] = [
  ...examples('README.md').map(({ heading, code }, i) => ({
    name: `README: ${heading} (${i})`,
    code,
    prints: readme[i] ?? [],
  })),
  {
    name: 'docs/training.md',
    code: examples('docs/training.md')
      .map(({ code }) => code)
      .join(''),
    prints: training,
  },
];
const fileOf = (kind: string, i: number): string => join(folder, `${kind}-${i}.ts`);

describe('every example runs and prints what it says', () => {
  test.each(programs.map((program, i) => ({ ...program, i })))('$name', { timeout: 60_000 }, async (program) => {
    const lines: string[] = [];
    const { inspect } = await import('node:util');
    const log = vi.spyOn(console, 'log').mockImplementation((...args: unknown[]) => {
      lines.push(args.map((x) => (typeof x === 'string' ? x : inspect(x))).join(' '));
    });
    // Files the examples write go where they are removed.
    vi.stubEnv('TMPDIR', folder);
    writeFileSync(fileOf('example', program.i), program.code);
    try {
      await import(fileOf('example', program.i));
    } finally {
      log.mockRestore();
      vi.unstubAllEnvs();
    }
    expect(program.prints.length, 'what the example prints').toBeGreaterThan(0);
    const printed = lines.join('\n');
    let end = 0;
    for (const text of program.prints) {
      const begin = printed.indexOf(text, end);
      expect(begin, `"${text}" in what is printed:\n${printed}`).toBeGreaterThanOrEqual(0);
      end = begin + text.length;
    }
  });
});

test('every example type-checks', () => {
  const files = programs.map(({ code }, i) => {
    writeFileSync(fileOf('typed', i), code);
    return fileOf('typed', i);
  });
  const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile) as { config: { compilerOptions: object } };
  const { options } = ts.convertCompilerOptionsFromJson(config.compilerOptions, process.cwd());
  const program = ts.createProgram(files, { ...options, noEmit: true, incremental: false, tsBuildInfoFile: undefined });
  const messages = ts.getPreEmitDiagnostics(program).map((d) => {
    const line = d.file?.getLineAndCharacterOfPosition(d.start ?? 0).line ?? 0;
    return `${d.file?.fileName}:${line + 1} ${ts.flattenDiagnosticMessageText(d.messageText, ' ')}`;
  });
  expect(messages).toEqual([]);
}, 60_000);
