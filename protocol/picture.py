"""Rectangles of pixels and their encodings (docs/protocol, section 7).

Pixels are BGRX uint8 arrays of shape (height, width, 4), as X servers give them; decoded ones have X = 255. On the wire
they are R, G, B. `encode_…` return None where an encoding does not fit; choosing is the agent's business.
"""

import struct
import zlib
from enum import IntEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from protocol.errors import ErrorCode, RemoteProtocolError
from protocol.messages import MAX_SIDE_PX, Rect

Pixels = npt.NDArray[np.uint8]

MAX_RECT_PIXELS: Final = 4_194_304
# Eight 4K monitors; four bytes a pixel in every copy that a viewer keeps.
MAX_SCREEN_PIXELS: Final = 67_108_864
MAX_PALETTE: Final = 256
_MAX_LEB128_BYTES: Final = 4
_WIDE_PX: Final = 256
# A move by fewer rows is copied faster through a copy of it all than slab by slab.
_FEWEST_ROWS: Final = 8
_COPY_SOURCE: Final = struct.Struct(">HH")


class Encoding(IntEnum):
    """How the pixels of a rect are written."""

    SOLID = 0
    RAW = 1
    PALETTE = 2
    DEFLATE = 3
    # Only to viewers that named the feature `copy`; it has no pixels of its own: `draw_rect` takes it.
    COPY = 4


def _rgb(pixels: Pixels) -> Pixels:
    # Channel by channel: a third of the time that one strided copy takes.
    rgb = np.empty((*pixels.shape[:2], 3), np.uint8)
    for channel in range(3):
        rgb[..., channel] = pixels[..., 2 - channel]
    return rgb


def pack_colours(pixels: Pixels) -> npt.NDArray[np.uint32]:
    """Return one number per pixel, 0xRRGGBB, shape (height, width)."""
    packed = np.ascontiguousarray(pixels).view("<u4")[..., 0] & np.uint32(0xFFFFFF)
    return packed.astype(np.uint32, copy=False)


# --- encoding --------------------------------------------------------------------------------------------------------


def encode_solid(pixels: Pixels) -> bytes | None:
    """Return the one colour of `pixels`, or None when there are more."""
    first = pixels[0, 0, :3]
    return first[::-1].tobytes() if bool((pixels[..., :3] == first).all()) else None


def encode_raw(pixels: Pixels) -> bytes:
    """Return R, G, B of every pixel, row by row."""
    return _rgb(pixels).tobytes()


def encode_palette(pixels: Pixels, most_runs: int | None = None) -> bytes | None:
    """Return colours, then runs; None when there are over 256 colours or over `most_runs` runs."""
    flat = pack_colours(pixels).ravel()
    starts = np.flatnonzero(np.concatenate((np.ones(1, dtype=bool), flat[1:] != flat[:-1])))
    if most_runs is not None and len(starts) > most_runs:
        return None
    colours, indices = np.unique(flat[starts], return_inverse=True)
    if len(colours) > MAX_PALETTE:
        return None
    lengths = np.diff(starts, append=len(flat)).astype(np.uint32) - np.uint32(1)
    palette = colours.astype(">u4").view(np.uint8).reshape(-1, 4)[:, 1:]
    return b"".join(
        (
            bytes([len(colours) - 1]),
            palette.tobytes(),
            len(starts).to_bytes(4, "big"),
            indices.astype(np.uint8).tobytes(),
            _pack_leb128(lengths),
        )
    )


def encode_deflate(pixels: Pixels, level: int = 1) -> bytes:
    """Return raw deflate (RFC 1951) of the rows, each minus the row above; zlib releases the GIL."""
    rgb = _rgb(pixels)
    rows = rgb.copy()
    rows[1:] -= rgb[:-1]
    packer = zlib.compressobj(level, zlib.DEFLATED, -15)
    return packer.compress(rows.data) + packer.flush()


def encode_copy(x: int, y: int) -> bytes:
    """Return the data of a copy: the top left corner of where its pixels stand."""
    return _COPY_SOURCE.pack(x, y)


def _pack_leb128(values: npt.NDArray[np.uint32]) -> bytes:
    """Unsigned LEB128 of every value below 2^28, one behind the other."""
    columns = np.empty((len(values), _MAX_LEB128_BYTES), dtype=np.uint8)
    keep = np.empty(columns.shape, dtype=bool)
    for byte in range(_MAX_LEB128_BYTES):
        rest = values >> np.uint32(7 * byte)
        columns[:, byte] = (rest & np.uint32(0x7F)) | np.where(rest > np.uint32(0x7F), np.uint32(0x80), np.uint32(0))
        keep[:, byte] = (rest > 0) | (byte == 0)
    return columns[keep].tobytes()


# --- decoding --------------------------------------------------------------------------------------------------------


def _check(good: bool, detail: str) -> None:
    if not good:
        raise RemoteProtocolError(detail)


def _decode_palette(data: bytes, pixels: int) -> Pixels:
    _check(len(data) >= 1, "palette is empty")
    count = data[0] + 1
    head = 1 + 3 * count
    _check(len(data) >= head + 4, "palette cut short")
    colours = np.frombuffer(data, np.uint8, 3 * count, 1).reshape(count, 3)
    runs = int.from_bytes(data[head : head + 4], "big")
    _check(0 < runs <= pixels and len(data) >= head + 4 + runs, "palette with an impossible number of runs")
    indices = np.frombuffer(data, np.uint8, runs, head + 4)
    _check(int(indices.max()) < count, "palette index outside the palette")
    lengths = _parse_leb128(np.frombuffer(data, np.uint8, offset=head + 4 + runs), runs)
    # 64-bit, so that a hostile sum cannot wrap around to the right number.
    _check(int(lengths.sum(dtype=np.int64)) == pixels, "palette runs do not fill the rect")
    return np.repeat(colours[indices], lengths, axis=0)


def _parse_leb128(data: Pixels, count: int) -> npt.NDArray[np.int64]:
    """Return the `count` run lengths in `data`: each value plus 1."""
    ends = np.flatnonzero(data < 0x80)
    _check(len(ends) == count and (len(data) == 0 or int(ends[-1]) == len(data) - 1), "run lengths of the wrong count")
    begins = np.concatenate((np.zeros(1, dtype=np.int64), ends[:-1] + 1))
    sizes = ends - begins + 1
    _check(int(sizes.max()) <= _MAX_LEB128_BYTES, "run length too long")
    position = np.arange(len(data)) - np.repeat(begins, sizes)
    parts = (data.astype(np.int64) & 0x7F) << (7 * position)
    return np.add.reduceat(parts, begins) + 1


def _decode_deflate(data: bytes, width: int, height: int) -> Pixels:
    size = width * height * 3
    unpacker = zlib.decompressobj(-15)
    try:
        # One byte more than allowed shows an overlong stream without inflating the rest of it.
        rows = unpacker.decompress(data, size + 1)
    except zlib.error as error:
        raise RemoteProtocolError("deflate data is broken") from error
    _check(len(rows) == size and unpacker.eof and not unpacker.unused_data, "deflate data of the wrong size")
    differences = np.frombuffer(rows, np.uint8).reshape(height, width * 3)
    if width < _WIDE_PX:
        return np.cumsum(differences, axis=0, dtype=np.uint8).reshape(height, width, 3)
    # Wide rows are added faster one by one than NumPy sums down columns.
    sums = differences.copy()
    for row in range(1, height):
        np.add(sums[row], sums[row - 1], out=sums[row])
    return sums.reshape(height, width, 3)


def decode_rect(rect: Rect) -> Pixels:
    """Return the pixels of `rect`, BGRX (height, width, 4), freshly allocated. Raises RemoteProtocolError."""
    width, height = rect.width, rect.height
    count = width * height
    if count > MAX_RECT_PIXELS:
        raise RemoteProtocolError("rect has too many pixels", ErrorCode.TOO_LARGE)
    match rect.encoding:
        case Encoding.SOLID:
            _check(len(rect.data) == 3, "solid has three bytes")
            rgb = np.broadcast_to(np.frombuffer(rect.data, np.uint8), (height, width, 3))
        case Encoding.RAW:
            _check(len(rect.data) == count * 3, "raw of the wrong size")
            rgb = np.frombuffer(rect.data, np.uint8).reshape(height, width, 3)
        case Encoding.PALETTE:
            rgb = _decode_palette(rect.data, count).reshape(height, width, 3)
        case Encoding.DEFLATE:
            rgb = _decode_deflate(rect.data, width, height)
        case Encoding.COPY:
            raise RemoteProtocolError("a copy needs a picture to copy from")
        case _:
            raise RemoteProtocolError(f"unknown rect encoding {rect.encoding}", ErrorCode.UNKNOWN_MESSAGE)
    pixels = np.empty((height, width, 4), np.uint8)
    for channel in range(3):
        pixels[..., channel] = rgb[..., 2 - channel]
    pixels[..., 3] = 255
    return pixels


def copy_source(rect: Rect, width: int, height: int) -> tuple[int, int]:
    """Return where a copy takes its pixels from, in a picture of `width` x `height`. Raises RemoteProtocolError."""
    if rect.width * rect.height > MAX_RECT_PIXELS:
        raise RemoteProtocolError("rect has too many pixels", ErrorCode.TOO_LARGE)
    _check(len(rect.data) == _COPY_SOURCE.size, "copy of the wrong size")
    x, y = _COPY_SOURCE.unpack(rect.data)
    _check(x + rect.width <= width and y + rect.height <= height, "copy from outside the picture")
    return x, y


def move_area(
    picture: npt.NDArray[Any], target: tuple[int, int], size: tuple[int, int], source: tuple[int, int]
) -> None:
    """Copy size (width, height) of `picture` from source (x, y) to target (x, y) in place; the two may overlap."""
    (to_x, to_y), (width, height), (from_x, from_y) = target, size, source
    step = abs(to_y - from_y)
    if step >= height or abs(to_x - from_x) >= width or step < _FEWEST_ROWS:
        # NumPy sees an overlap by itself, and then goes through a copy of the whole area.
        picture[to_y : to_y + height, to_x : to_x + width] = picture[from_y : from_y + height, from_x : from_x + width]
        return
    # Slabs as high as the way are free of overlap, and in the right order none is overwritten before it was read.
    starts = range(0, height, step)
    for top in starts if to_y < from_y else reversed(starts):
        rows = min(step, height - top)
        picture[to_y + top : to_y + top + rows, to_x : to_x + width] = picture[
            from_y + top : from_y + top + rows, from_x : from_x + width
        ]


def draw_rect(picture: Pixels, rect: Rect) -> None:
    """Put `rect`, which must lie inside `picture`, in its place. Raises RemoteProtocolError."""
    if rect.encoding == Encoding.COPY:
        height, width = picture.shape[:2]
        source = copy_source(rect, width, height)
        move_area(picture, (rect.x, rect.y), (rect.width, rect.height), source)
    else:
        picture[rect.y : rect.y + rect.height, rect.x : rect.x + rect.width] = decode_rect(rect)


def decode_cursor(width: int, height: int, data: bytes) -> Pixels:
    """Return a cursor's RGBA pixels, (height, width, 4), not premultiplied. Raises RemoteProtocolError."""
    size = width * height * 4
    unpacker = zlib.decompressobj(-15)
    try:
        pixels = unpacker.decompress(data, size + 1) if size else b""
    except zlib.error as error:
        raise RemoteProtocolError("cursor data is broken") from error
    whole = unpacker.eof and not unpacker.unused_data if size else not data
    _check(len(pixels) == size and whole, "cursor data of the wrong size")
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 4)


def encode_cursor(rgba: Pixels) -> bytes:
    """Return raw deflate of RGBA pixels (height, width, 4), not premultiplied."""
    packer = zlib.compressobj(6, zlib.DEFLATED, -15)
    return packer.compress(np.ascontiguousarray(rgba).data) + packer.flush()


def blank(width: int, height: int) -> Pixels:
    """Return a black picture of a screen; sizes outside the limits raise RemoteProtocolError."""
    good = 0 < width <= MAX_SIDE_PX and 0 < height <= MAX_SIDE_PX and width * height <= MAX_SCREEN_PIXELS
    _check(good, "screen of a size that does not exist")
    picture = np.zeros((height, width, 4), np.uint8)
    picture[..., 3] = 255
    return picture
