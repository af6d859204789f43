/** One line on standard error that is written over on a terminal; elsewhere a line per case. */
export class Progress {
  readonly #live = process.stderr.isTTY === true;
  readonly #begin = Date.now();
  readonly #total: number;
  #done = 0;
  #what = '';

  constructor(total: number) {
    this.#total = total;
  }

  case(what: string): void {
    this.#what = what;
    if (!this.#live) process.stderr.write(`[${this.#done + 1}/${this.#total}] ${what}${this.#left()}\n`);
  }

  readonly step = (text: string): void => {
    if (!this.#live) return;
    const line = `[${this.#done + 1}/${this.#total}] ${this.#what} · ${text}${this.#left()}`;
    process.stderr.write(`\r\x1b[2K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
  };

  /** Clears the line, so that a result can be printed in its place. */
  done(): void {
    this.#done++;
    if (this.#live) process.stderr.write('\r\x1b[2K');
  }

  #left(): string {
    if (this.#done === 0) return '';
    const seconds = ((Date.now() - this.#begin) / 1000 / this.#done) * (this.#total - this.#done);
    return ` · ${seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.ceil(seconds / 60)} min`} left`;
  }
}
