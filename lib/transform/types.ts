import type { Array, ArrayLike } from '../array/array.js';

/**
 * What may be passed where a function declares `T`: anything array-like for an array, the same tree otherwise. What is array-like
 * already stays: transforms of transforms would otherwise descend into nested lists of numbers without end.
 */
export type Like<T> =
  T extends Exclude<ArrayLike, number | boolean>
    ? ArrayLike // nested numbers among them, which as a list of lists would never end
    : T extends ArrayLike
      ? T
      : T extends readonly unknown[] | { readonly [key: string]: unknown }
        ? { [K in keyof T]: Like<T[K]> }
        : T;

/** The arguments of a transformed function: those of the function itself, each array replaceable by an array-like. */
export type Inputs<A extends readonly unknown[]> = { [K in keyof A]: Like<A[K]> };

/** Which arguments to differentiate with respect to: a position or several, negative ones counted from the end. */
export type Argnums = number | readonly number[];

/** The argument a position names; unknown for one that only the call can tell. */
export type ArgumentAt<A extends readonly unknown[], N> = N extends number
  ? `${N}` extends keyof A
    ? A[N]
    : unknown
  : unknown;

/** A tree of results `R` in the place of every array of `T`. */
export type InPlaceOf<T, R> = T extends Array | ArrayLike
  ? R
  : T extends readonly unknown[] | { readonly [key: string]: unknown }
    ? { [K in keyof T]: InPlaceOf<T[K], R> }
    : R;

/** The gradient's tree: an array for one argument, a list for several. */
export type GradientOf<A extends readonly unknown[], N> = N extends readonly number[]
  ? { [K in keyof N]: InPlaceOf<ArgumentAt<A, N[K]>, Array> }
  : InPlaceOf<ArgumentAt<A, N>, Array>;

/** First derivatives of each result in each argument: the result's tree, then the arguments'. */
export type JacobianOf<R, A extends readonly unknown[], N> = InPlaceOf<R, GradientOf<A, N>>;

/** Second derivatives: the result's tree, then the arguments' twice. */
export type HessianOf<R, A extends readonly unknown[], N> = InPlaceOf<
  R,
  N extends readonly number[]
    ? { [K in keyof N]: InPlaceOf<ArgumentAt<A, N[K]>, GradientOf<A, N>> }
    : InPlaceOf<ArgumentAt<A, N>, GradientOf<A, N>>
>;

export interface DerivativeOptions<N extends Argnums = Argnums, X extends boolean = boolean> {
  /** Position(s) of the argument(s) to differentiate with respect to; 0 without it. */
  argnums?: N;
  /** The function returns [value, aux], and aux is passed through. */
  hasAux?: X;
}

/** `result`, with the function's second result beside it if there is one. */
export type WithAux<R, X> = X extends true ? [R, unknown] : R;
