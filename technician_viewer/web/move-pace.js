/**
 * Lets pointer moves through at once when the last one is a while ago, else keeps the newest until it is time: mice
 * report up to 1,000 places a second, and a slow line has better to carry.
 *
 * @template T
 */
export class MovePace {
  #send;
  #everyMs;
  #now;
  #lastAt = -Infinity;
  /** @type {{ value: T } | undefined} */
  #kept;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {(value: T) => void} send
   * @param {number} everyMs
   * @param {() => number} now ms
   */
  constructor(send, everyMs, now) {
    this.#send = send;
    this.#everyMs = everyMs;
    this.#now = now;
  }

  /** @param {T} value */
  offer(value) {
    const now = this.#now();
    const wait = this.#lastAt + this.#everyMs - now;
    if (wait <= 0) {
      this.#forget();
      this.#lastAt = now;
      this.#send(value);
      return;
    }
    this.#kept = { value };
    this.#timer ??= setTimeout(() => this.flush(), wait);
  }

  /** Send what is kept, now: something else follows it. */
  flush() {
    const kept = this.#kept;
    this.#forget();
    if (kept === undefined) return;
    this.#lastAt = this.#now();
    this.#send(kept.value);
  }

  #forget() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#kept = undefined;
  }
}
