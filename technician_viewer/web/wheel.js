/**
 * Turns of the wheel in 1/120 of a notch, whatever unit the browser counts in.
 *
 * Source: UI Events, `WheelEvent.deltaMode`; `wheelDelta` is 120 a notch in every browser that has it, which tells a
 * mouse with notches exactly. Browsers scroll about 100 CSS pixels, or three lines, for one notch.
 */

const UNITS_A_NOTCH = 120;
const PIXELS_A_NOTCH = 100;
const LINES_A_NOTCH = 3;
const TOUCHPAD_RATIO = 3;
const LARGEST = 32_767;

/**
 * @param {number} delta
 * @param {number} mode 0 pixels, 1 lines, 2 pages
 * @param {number | undefined} legacy `wheelDeltaX` or `wheelDeltaY`: 120 a notch, positive is left or up
 */
export function wheelUnits(delta, mode, legacy) {
  if (legacy !== undefined && isNotches(delta, mode, legacy)) return -legacy;
  if (mode === 0) return (delta * UNITS_A_NOTCH) / PIXELS_A_NOTCH;
  if (mode === 1) return (delta * UNITS_A_NOTCH) / LINES_A_NOTCH;
  return delta * UNITS_A_NOTCH;
}

/**
 * Whether `legacy` counts whole notches of a mouse. Touchpads give three times the pixels there, and programs that make
 * up events give anything.
 * @param {number} delta
 * @param {number} mode
 * @param {number} legacy
 */
function isNotches(delta, mode, legacy) {
  if (legacy === 0 || legacy % UNITS_A_NOTCH !== 0) return false;
  if (mode !== 0) return true;
  const ratio = -legacy / delta;
  return ratio !== TOUCHPAD_RATIO && ratio >= 0.9 && ratio <= 4;
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
    const [x, y] = [whole(this.#x), whole(this.#y)];
    this.#x -= x;
    this.#y -= y;
    return { dx: bounded(x), dy: bounded(y) };
  }
}

/**
 * The whole units in `value`; ten times 0.6 is 6 in spite of binary fractions.
 * @param {number} value
 */
function whole(value) {
  return Math.trunc(value + Math.sign(value) * 1e-6);
}

/** @param {number} value */
function bounded(value) {
  return Math.min(Math.max(value, -LARGEST), LARGEST) || 0;
}
