"""A number that a program draws and another reads back from a picture: 16 cells, the highest bit first, white is 1."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

BITS: Final = 16
CELL_PX: Final = 8
WIDTH: Final = BITS * CELL_PX


def cells_of(number: int) -> Iterator[tuple[int, bool]]:
    """Give x and colour (white or black) of each cell."""
    for bit in range(BITS):
        yield bit * CELL_PX, bool(number >> (BITS - 1 - bit) & 1)


def read_number(picture: npt.NDArray[np.uint8], x: int, y: int) -> int:
    """Return the number drawn at (x, y) of a BGRX picture; 0 where the picture does not reach so far."""
    middle = CELL_PX // 2
    row = picture[y + middle, x + middle : x + WIDTH : CELL_PX, 1] if y + middle < len(picture) else ()
    number = 0
    for green in row:
        number = number << 1 | int(green >= 128)
    return number
