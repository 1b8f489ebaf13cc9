/**
 * Turns of the wheel in 1/120 of a notch, whatever unit the browser counts in.
 *
 * Source: UI Events, `WheelEvent.deltaMode`; `wheelDelta` is 120 a notch in every browser that has it, which tells a
 * mouse with notches exactly. Browsers scroll about 100 CSS pixels, or three lines, for one notch.
 */

const UNITS_A_NOTCH = 120;
const PIXELS_A_NOTCH = 100;
const LINES_A_NOTCH = 3;
const LARGEST = 32_767;

/**
 * @param {number} delta
 * @param {number} mode 0 pixels, 1 lines, 2 pages
 * @param {number | undefined} legacy `wheelDeltaX` or `wheelDeltaY`: 120 a notch, positive is left or up
 */
export function wheelUnits(delta, mode, legacy) {
  if (legacy !== undefined && legacy !== 0 && legacy % UNITS_A_NOTCH === 0) return -legacy;
  if (mode === 0) return (delta * UNITS_A_NOTCH) / PIXELS_A_NOTCH;
  if (mode === 1) return (delta * UNITS_A_NOTCH) / LINES_A_NOTCH;
  return delta * UNITS_A_NOTCH;
}

/** Adds up fractions of a unit, so that a slow finger on a touchpad is not rounded away. */
export class WheelCounter {
  #x = 0;
  #y = 0;

  /**
   * Count this much more and take out what makes whole units.
   * @param {number} dx
   * @param {number} dy
   */
  add(dx, dy) {
    this.#x += dx;
    this.#y += dy;
    const whole = { dx: bounded(Math.trunc(this.#x)), dy: bounded(Math.trunc(this.#y)) };
    this.#x -= Math.trunc(this.#x);
    this.#y -= Math.trunc(this.#y);
    return whole;
  }
}

/** @param {number} value */
function bounded(value) {
  return Math.min(Math.max(value, -LARGEST), LARGEST) || 0;
}
