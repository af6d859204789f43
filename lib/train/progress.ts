/** Where progress goes; `process.stderr` is one. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A line that is rewritten this often on a terminal; elsewhere, where every line stays, one as often as this is added. */
const terminalMilliseconds = 100;
const lineMilliseconds = 5000;

/** Shows how a training gets on: `step 1,200/15,000  loss 3.213e-4  812 steps/s  17 s left`. */
export class Progress {
  readonly #stream: ProgressStream;
  readonly #total: number;
  readonly #interval: number;
  readonly #first: number;
  readonly #begin = performance.now();
  #shown = performance.now();
  #last = '';

  /**
   * @param total steps of the training
   * @param first steps made before, by an earlier run
   */
  constructor(stream: ProgressStream, total: number, first: number) {
    this.#stream = stream;
    this.#total = total;
    this.#first = first;
    this.#interval = stream.isTTY ? terminalMilliseconds : lineMilliseconds;
  }

  /** To be called after every step; writes only now and then. */
  update(step: number, loss: number): void {
    const now = performance.now();
    if (now - this.#shown < this.#interval) return;
    this.#shown = now;
    this.#write(step, loss, now);
  }

  /** The state at the end, which stays on the screen. */
  end(step: number, loss: number): void {
    if (step > this.#first) this.#write(step, loss, performance.now());
    if (this.#stream.isTTY && this.#last !== '') this.#stream.write('\n');
  }

  #write(step: number, loss: number, now: number): void {
    const seconds = (now - this.#begin) / 1000;
    const rate = (step - this.#first) / seconds;
    const line = [
      `step ${step.toLocaleString('en')}/${this.#total.toLocaleString('en')}`,
      `loss ${loss.toExponential(3)}`,
      rate >= 1 ? `${Number(rate.toPrecision(3))} steps/s` : `${Number((1 / rate).toPrecision(3))} s/step`,
      step < this.#total ? `${duration((this.#total - step) / rate)} left` : `${duration(seconds)} in all`,
    ].join('  ');
    this.#last = line;
    // Back to the start of the line, and away with what was longer before.
    this.#stream.write(this.#stream.isTTY ? `\r${line}\x1b[K` : `${line}\n`);
  }
}

function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.ceil(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
