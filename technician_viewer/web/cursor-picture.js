/** The remote pointer's shape as a PNG, which is what a page can show as a cursor. */

import { decode_cursor } from "./protocol/picture.js";

/**
 * Read a shape, and return what packs it; nothing comes out of a hidden pointer. Throws RemoteProtocolError.
 * @param {{ width: number, height: number, data: Uint8Array<ArrayBuffer> }} shape
 * @returns {Promise<() => Promise<Blob | null>>}
 */
export async function cursorPicture({ width, height, data }) {
  const pixels = await decode_cursor(width, height, data);
  if (width === 0) return async () => null;
  return async () => {
    const canvas = new OffscreenCanvas(width, height);
    const image = new ImageData(width, height);
    image.data.set(pixels);
    canvas.getContext("2d")?.putImageData(image, 0, 0);
    return canvas.convertToBlob({ type: "image/png" });
  };
}
