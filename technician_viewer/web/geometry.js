/**
 * Where the remote screen lies on the page, and which of its pixels a point of the page is.
 *
 * Remote sizes are pixels of the shared screen; page sizes and points are CSS pixels; `ratio` is device pixels per CSS
 * pixel (`devicePixelRatio`, which browsers also change when the page is zoomed).
 *
 * @typedef {{ width: number, height: number }} Size
 * @typedef {{ left: number, top: number, width: number, height: number }} Box
 * @typedef {{ x: number, y: number }} Point
 */

/**
 * Bring a CSS length to whole device pixels; what is off by less than a hundredth of one is whole already.
 * @param {number} length
 * @param {number} ratio
 * @param {(value: number) => number} round
 */
function snapped(length, ratio, round) {
  const pixels = length * ratio;
  const nearest = Math.round(pixels);
  return (Math.abs(pixels - nearest) < 0.01 ? nearest : round(pixels)) / ratio;
}

/**
 * Centre a box in `room`, on whole device pixels of the window; what is larger than the room begins at its edge and is
 * scrolled to.
 * @param {number} width
 * @param {number} height
 * @param {Box} room in the window; the result is relative to it
 * @param {number} ratio
 * @returns {Box}
 */
function centred(width, height, room, ratio) {
  const left = Math.max(0, (room.width - width) / 2);
  const top = Math.max(0, (room.height - height) / 2);
  return {
    left: snapped(room.left + left, ratio, Math.ceil) - room.left,
    top: snapped(room.top + top, ratio, Math.ceil) - room.top,
    width,
    height,
  };
}

/**
 * The box in which one pixel of the screen is exactly one device pixel.
 * @param {Size} screen
 * @param {Box} room
 * @param {number} ratio
 * @returns {Box}
 */
export function exactBox(screen, room, ratio) {
  return centred(screen.width / ratio, screen.height / ratio, room, ratio);
}

/** Enlarging by less than this blurs text more than it helps to read it. */
const LEAST_ENLARGEMENT = 2;

/**
 * The largest box of the screen's shape that the room holds whole; 1:1 for a screen that is only a little smaller.
 * @param {Size} screen
 * @param {Box} room
 * @param {number} ratio
 * @returns {Box}
 */
export function fittedBox(screen, room, ratio) {
  const scale = Math.min(room.width / screen.width, room.height / screen.height);
  if (scale * ratio >= 1 && scale * ratio < LEAST_ENLARGEMENT) return exactBox(screen, room, ratio);
  const width = Math.max(1 / ratio, snapped(screen.width * scale, ratio, Math.floor));
  const height = Math.max(1 / ratio, snapped(screen.height * scale, ratio, Math.floor));
  return centred(width, height, room, ratio);
}

/**
 * The screen's pixel under a point of the page, `box` in the same coordinates; points beside the box count as its edge.
 * @param {Point} point
 * @param {Box} box
 * @param {Size} screen
 * @returns {Point}
 */
export function pixelAt(point, box, screen) {
  const x = Math.floor(((point.x - box.left) * screen.width) / box.width + 1e-6);
  const y = Math.floor(((point.y - box.top) * screen.height) / box.height + 1e-6);
  return { x: Math.min(Math.max(x, 0), screen.width - 1), y: Math.min(Math.max(y, 0), screen.height - 1) };
}
