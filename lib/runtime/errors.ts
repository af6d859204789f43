/** What went wrong, as a stable string a program can test for. */
export type ErrorCode =
  /** Shapes that do not fit together or do not fit the operation. */
  | 'ERR_NABLA_SHAPE'
  /** A dtype the operation does not take. */
  | 'ERR_NABLA_DTYPE'
  /** An argument of the wrong kind. */
  | 'ERR_NABLA_ARGUMENT'
  /** An option, or an environment variable, with a value that is not one of those accepted. */
  | 'ERR_NABLA_OPTION'
  /** An axis that is out of range, repeated, or of a different size than its siblings. */
  | 'ERR_NABLA_AXIS'
  /** Pytrees whose structures differ where they have to agree. */
  | 'ERR_NABLA_TREE'
  /** `grad` and its relatives were given a function whose result is not a scalar. */
  | 'ERR_NABLA_NOT_SCALAR'
  /** A batched derivative was differentiated again, sample by sample. */
  | 'ERR_NABLA_NESTED_MAP'
  /** A traced value was asked for its numbers. */
  | 'ERR_NABLA_TRACED'
  /** A traced value was used after its trace had ended. */
  | 'ERR_NABLA_LEAKED'
  /** Model parameters that are missing, superfluous or of the wrong shape. */
  | 'ERR_NABLA_PARAMETER'
  /** `hasAux` was set but the function does not return `[value, aux]`. */
  | 'ERR_NABLA_AUX'
  /** A training whose loss became NaN or infinite. */
  | 'ERR_NABLA_NOT_FINITE'
  /** A typed array whose buffer has been transferred away. */
  | 'ERR_NABLA_DETACHED'
  /** A typed array over a resizable buffer, which may shrink while it is being read. */
  | 'ERR_NABLA_RESIZABLE'
  /** A size beyond what an array or a program can have. */
  | 'ERR_NABLA_TOO_LARGE'
  /** Memory could not be allocated. */
  | 'ERR_NABLA_OUT_OF_MEMORY'
  /** The native core refused a program as malformed. */
  | 'ERR_NABLA_PROGRAM'
  /** The call was aborted through its `signal`; see {@link AbortError}. */
  | 'ERR_NABLA_ABORTED'
  /** The native addon could not be found or loaded. */
  | 'ERR_NABLA_NATIVE_MISSING'
  /** A fault of nabla itself. */
  | 'ERR_NABLA_INTERNAL';

/** The one error class of nabla. `code` is stable; `details` holds the facts (operation, shapes, paths) behind `message`. */
export class NablaError extends Error {
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, details: Record<string, unknown> = {}) {
    super(message);
    this.code = code;
    this.details = Object.freeze({ ...details });
  }
}

/** The rejection of a call whose `signal` was aborted. `name` is `'AbortError'`, `cause` the signal's reason. */
export class AbortError extends NablaError {
  constructor(reason: unknown) {
    super('ERR_NABLA_ABORTED', 'the call was aborted through its signal');
    this.cause = reason;
  }
}

// On the prototype, so that it is not printed as a property of every error.
Object.defineProperty(NablaError.prototype, 'name', { value: 'NablaError', configurable: true, writable: true });
Object.defineProperty(AbortError.prototype, 'name', { value: 'AbortError', configurable: true, writable: true });
