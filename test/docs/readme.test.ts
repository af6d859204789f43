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

const printed: Record<number, string[]> = {
  0: ['[ 32, 3 ] [ 32, 3, 3 ] [ 32 ] [ 32, 3 ]'],
  1: ['[ 1, 2, 2 ] [ 100000, 2, 2 ]'],
  2: ['Dense_0', '9 passes over the weights'],
  3: ['ERR_NABLA_NESTED_MAP'],
};

describe('every example of the README runs and prints what it says', () => {
  test.each(examples('README.md').map((example, i) => ({ ...example, i })))('$heading ($i)', async ({ code, i }) => {
    const lines: string[] = [];
    const { inspect } = await import('node:util');
    const log = vi.spyOn(console, 'log').mockImplementation((...args: unknown[]) => {
      lines.push(args.map((x) => (typeof x === 'string' ? x : inspect(x))).join(' '));
    });
    const file = join(folder, `example-${i}.ts`);
    writeFileSync(file, code);
    try {
      await import(file);
    } finally {
      log.mockRestore();
    }
    expect(printed[i], `what example ${i} prints`).toBeDefined();
    for (const text of printed[i]!) expect(lines.join('\n')).toContain(text);
  });
});

test('every example type-checks', () => {
  const files = examples('README.md').map(({ code }, i) => {
    const file = join(folder, `typed-${i}.ts`);
    writeFileSync(file, code);
    return file;
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
