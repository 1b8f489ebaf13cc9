"""Pictures that show every mistake: a wrong pixel, a shift, a swap of colours, smoothing."""

import numpy as np

from protocol.picture import Pixels


def scene(width: int = 320, height: int = 200, seed: int = 1) -> Pixels:
    """Return a picture with flat parts, lines one pixel wide, and noise in it, BGRX."""
    random = np.random.default_rng(seed)
    picture = np.zeros((height, width, 4), np.uint8)
    picture[..., :3] = (200, 120, 40)
    picture[::2, : width // 2, 1] = 255
    picture[:, : width // 2 : 3, 2] = 250
    half = picture[height // 2 :, width // 2 :, :3]
    half[...] = random.integers(0, 256, half.shape)
    picture[0, 0, :3], picture[0, -1, :3], picture[-1, 0, :3] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    picture[..., 3] = 255
    return picture


def flat(width: int, height: int, colour: tuple[int, int, int]) -> Pixels:
    """Return a picture of one colour, given as B, G, R."""
    picture = np.full((height, width, 4), 255, np.uint8)
    picture[..., :3] = colour
    return picture
