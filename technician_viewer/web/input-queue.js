/**
 * What the technician did, on its way into the tunnel: in order, numbered when it leaves, and never with two pointer
 * moves behind each other, since only the newest place matters.
 *
 * @typedef {{ type: "pointer-move", x: number, y: number }
 *   | { type: "button", x: number, y: number, button: number, down: boolean }
 *   | { type: "wheel", x: number, y: number, dx: number, dy: number }
 *   | { type: "key", down: boolean, modifiers: number, code: string, text: string }
 *   | { type: "text", text: string }
 *   | { type: "release-all" }} Input
 */

/** Far more than hands can do while a line is slow; beyond it the oldest is of no use to anybody. */
export const MAX_WAITING = 512;
/** How many times of leaving are remembered for an agent that does not acknowledge. */
const MAX_UNANSWERED = 1_024;

export class InputQueue {
  /** @type {Input[]} */
  #waiting = [];
  #seq = 0;
  /** Sequence number -> time it left, in ms, oldest first. @type {Map<number, number>} */
  #sent = new Map();

  get length() {
    return this.#waiting.length;
  }

  /** @param {Input} input */
  push(input) {
    const last = this.#waiting.at(-1);
    if (input.type === "pointer-move" && last?.type === "pointer-move") {
      this.#waiting[this.#waiting.length - 1] = input;
      return;
    }
    this.#waiting.push(input);
    if (this.#waiting.length > MAX_WAITING) this.#waiting = [{ type: "release-all" }];
  }

  /** Forget what has not left: the right to control is gone. */
  clear() {
    this.#waiting = [];
  }

  /**
   * Take the next input and its number.
   * @param {number} nowMs
   * @returns {{ seq: number, input: Input } | undefined}
   */
  take(nowMs) {
    const input = this.#waiting.shift();
    if (input === undefined) return undefined;
    this.#seq += 1;
    this.#sent.set(this.#seq, nowMs);
    if (this.#sent.size > MAX_UNANSWERED) this.#sent.delete(this.#sent.keys().next().value ?? 0);
    return { seq: this.#seq, input };
  }

  /**
   * The agent has applied everything up to `seq`: return how many ms the newest of it took, there and back.
   * @param {number} seq
   * @param {number} nowMs
   * @returns {number | undefined}
   */
  acknowledged(seq, nowMs) {
    let delay;
    for (const [number, at] of this.#sent) {
      if (number > seq) break;
      delay = nowMs - at;
      this.#sent.delete(number);
    }
    return delay;
  }
}
