import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { addon, instrumented } from './machine.js';

/** Of an ELF file the dynamic symbols it has for others and wants of them, and the versions it asks for. */
function elf(file: string): { exported: string[]; wanted: string[]; versions: string[] } {
  const bytes = readFileSync(file);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const u64 = (at: number) => Number(view.getBigUint64(at, true));
  const [table, size, count] = [u64(40), view.getUint16(58, true), view.getUint16(60, true)];
  const sections = Array.from({ length: count }, (_, i) => {
    const at = table + i * size;
    return {
      type: view.getUint32(at + 4, true),
      offset: u64(at + 24),
      bytes: u64(at + 32),
      link: view.getUint32(at + 40, true),
    };
  });
  const section = (type: number) => sections.find((s) => s.type === type) as (typeof sections)[number];
  const text = (strings: number, at: number) => {
    const begin = (sections[strings] as (typeof sections)[number]).offset + at;
    return bytes.toString('latin1', begin, bytes.indexOf(0, begin));
  };
  const symbols = section(11); // SHT_DYNSYM
  const exported: string[] = [];
  const wanted: string[] = [];
  for (let at = symbols.offset; at < symbols.offset + symbols.bytes; at += 24) {
    const defined = view.getUint16(at + 6, true) !== 0;
    (defined ? exported : wanted).push(text(symbols.link, view.getUint32(at, true)));
  }
  const needs = section(0x6ffffffe); // SHT_GNU_verneed: per library a list of versions
  const versions: string[] = [];
  for (let at = needs.offset, next = -1; next !== 0; at += next) {
    next = view.getUint32(at + 12, true);
    for (let one = at + view.getUint32(at + 8, true), step = -1; step !== 0; one += step) {
      step = view.getUint32(one + 12, true);
      versions.push(text(needs.link, view.getUint32(one + 8, true)));
    }
  }
  return { exported, wanted, versions };
}

describe.runIf(process.platform === 'linux' && !instrumented)('the binary', () => {
  it('needs no newer glibc than 2.28, and no C++ library of the machine', () => {
    const { versions } = elf(addon);
    expect(versions.length).toBeGreaterThan(0);
    for (const version of versions) {
      expect(version).not.toMatch(/^(GLIBCXX|CXXABI)_/);
      const glibc = /^GLIBC_2\.(\d+)/.exec(version);
      if (glibc) expect(Number(glibc[1]), version).toBeLessThanOrEqual(28);
    }
  });

  it('gives JavaScript no memory of its own, which the cage of Electron does not allow', () => {
    const { wanted } = elf(addon);
    expect(wanted).toContain('napi_get_typedarray_info');
    // Results are written into arrays that JavaScript allocates.
    expect(wanted.filter((name) => /external_(array)?buffer/.test(name))).toEqual([]);
  });

  it('exports what Node looks for and nothing else', () => {
    expect(elf(addon).exported.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
  });
});

describe.runIf(process.platform === 'linux')('the number of threads', () => {
  it('is that of the processors the process may run on', () => {
    const allowed = /Cpus_allowed_list:\s*(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] as string;
    const script = `console.log(require(${JSON.stringify(addon)}).info().defaultThreads)`;
    const env = { ...process.env, NABLA_NUM_THREADS: '' };
    const output = execFileSync('taskset', ['-c', allowed, process.execPath, '-e', script], { env });
    expect(output.toString().trim()).toBe('1');
  });
});
