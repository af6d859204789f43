// Who can take part, and what to do if one is missing.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ContestantSpec } from '../contestant.js';

/** The root of the project, from dist/bench/contestants. */
export const root = fileURLToPath(new URL('../../../', import.meta.url));

const compiled = (name: string): string => fileURLToPath(new URL(`${name}.js`, import.meta.url));

export const peersPython = (): string => process.env.NABLA_PEERS_PYTHON || join(root, 'bench/.venv/bin/python');

const pythonPeer = (name: string): ContestantSpec => ({
  name,
  command: peersPython(),
  args: [join(root, 'bench/peers', `${name}_peer.py`)],
  hint:
    'python3 -m venv bench/.venv && bench/.venv/bin/pip install -r bench/peers/requirements.txt, ' +
    'or let NABLA_PEERS_PYTHON name a Python that has them',
});

const npmPeer = (name: string): ContestantSpec => ({
  name,
  command: process.execPath,
  args: [compiled(name)],
  hint: 'npm install --prefix bench/peers --ignore-scripts',
});

export const nablaSpec: ContestantSpec = {
  name: 'nabla',
  command: process.execPath,
  args: [compiled('nabla')],
  hint: 'npm run build',
};

export const peerSpecs: Readonly<Record<string, ContestantSpec>> = {
  jax: pythonPeer('jax'),
  torch: pythonPeer('torch'),
  onnxruntime: npmPeer('onnxruntime'),
  'jax-js': npmPeer('jax-js'),
  tfjs: npmPeer('tfjs'),
};

/** Why a contestant cannot even be started, if that is so. */
export function absence({ command }: ContestantSpec): string | undefined {
  return command.includes('/') && !existsSync(command) ? `there is no ${command}` : undefined;
}
