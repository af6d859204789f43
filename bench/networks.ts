// The networks that are measured, and how many samples make a batch of one.

export interface Network {
  readonly features: readonly number[];
  readonly d: number;
}

export const tanhNet = (width: number, layers: number, d = 3): Network => ({
  features: [...Array.from({ length: layers }, () => width), 1],
  d,
});

export const seed = tanhNet(20, 5);
export const wide: Network = { features: [768, 768, 512, 512, 1], d: 50 };

/** Samples that make a batch of a network about as long as 65,536 of the seed's, but whole blocks for every thread. */
export const batchFor = ({ features, d }: Network): number => {
  const P = features.reduce((n, width, l) => n + width * (features[l - 1] ?? d), 0);
  const target = (65_536 * 5 * 1680) / ((d + 2) * P);
  return Math.max(2048, 2 ** Math.round(Math.log2(target)));
};
