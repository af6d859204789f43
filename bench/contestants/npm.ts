// Peers from npm live in bench/peers/node_modules, where only those who want to compare put them.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './specs.js';

const folder = process.env.NABLA_PEERS_NODE || join(root, 'bench/peers');
const peerRequire = createRequire(join(folder, 'package.json'));

/** A CommonJS package. */
export const requirePeer = (name: string): unknown => peerRequire(name);

/** An ES module, by its path in the package. */
export const importPeer = (path: string): Promise<unknown> =>
  import(pathToFileURL(join(folder, 'node_modules', path)).href);

export const peerFile = (path: string): string => join(folder, 'node_modules', path);

export const versionOf = (name: string): string =>
  (JSON.parse(readFileSync(peerFile(`${name}/package.json`), 'utf8')) as { version: string }).version;

/** Chunk lengths worth a try for n samples. */
export const chunksOf = (n: number): number[] => [512, 1024, 2048, 4096, 8192].filter((c) => 2 * c <= n);
