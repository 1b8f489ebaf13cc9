"""Squares of an array taken together: their sum, their least, whether any is set."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def fold(ufunc: np.ufunc, array: NDArray[Any], side: int) -> NDArray[Any]:
    """Return `ufunc` over each square of `side` elements of a 2-D array; those at the lower and right edge may be less.

    The result has the element type of `array`. NumPy's `reduceat` gives the same at many times the cost.
    """
    height, width = array.shape
    full = height // side
    rows = ufunc.reduce(array[: full * side].reshape(full, side, width), axis=1, dtype=array.dtype)
    if full * side < height:
        rest = ufunc.reduce(array[full * side :], axis=0, dtype=array.dtype, keepdims=True)
        rows = np.concatenate((rows, rest))
    folded: NDArray[Any] = ufunc.reduceat(rows, np.arange(0, width, side), axis=1, dtype=array.dtype)
    return folded
