"""Vectors of rects: every encoding with its pixels, copies in a small picture, and what is refused."""

from typing import Any

import numpy as np

from protocol import picture

Json = dict[str, Any]


def picture_file() -> Json:
    """Rects of every encoding with their pixels (R, G, B), and rects that are refused."""
    random = np.random.default_rng(7)
    noise = random.integers(0, 256, (5, 7, 4), dtype=np.uint8)
    few = np.zeros((40, 50, 4), np.uint8)
    few[10:20, 5:45, :3] = (1, 2, 3)
    few[30:, ::2, :3] = (250, 0, 9)
    solid = np.full((3, 4, 4), 77, np.uint8)
    long_run = np.zeros((200, 300, 4), np.uint8)
    rects: list[Json] = []
    for encoding, pixels, data in (
        (picture.Encoding.SOLID, solid, picture.encode_solid(solid)),
        (picture.Encoding.RAW, noise, picture.encode_raw(noise)),
        (picture.Encoding.PALETTE, few, picture.encode_palette(few)),
        (picture.Encoding.PALETTE, noise, picture.encode_palette(noise)),
        (picture.Encoding.PALETTE, long_run, picture.encode_palette(long_run)),
        (picture.Encoding.DEFLATE, few, picture.encode_deflate(few)),
        (picture.Encoding.DEFLATE, noise, picture.encode_deflate(noise)),
    ):
        height, width = pixels.shape[:2]
        rects.append(
            {
                "encoding": int(encoding),
                "width": width,
                "height": height,
                "hex": (data or b"").hex(),
                "rgb": picture.encode_raw(pixels).hex() if width * height < 10_000 else None,
            }
        )
    deflated = picture.encode_deflate(noise)
    rejects = [
        {"why": why, "encoding": encoding, "width": width, "height": height, "hex": data.hex()}
        for why, encoding, width, height, data in (
            ("unknown encoding", 5, 1, 1, b""),
            ("copy without a picture", 4, 1, 1, bytes(4)),
            ("solid of two bytes", 0, 1, 1, b"12"),
            ("raw too short", 1, 2, 2, bytes(11)),
            ("raw too long", 1, 2, 2, bytes(13)),
            ("palette empty", 2, 1, 1, b""),
            ("palette cut short", 2, 1, 1, bytes.fromhex("01 000000")),
            ("palette without runs", 2, 1, 1, bytes.fromhex("00 000000 00000000")),
            ("palette with more runs than pixels", 2, 1, 1, bytes.fromhex("00 000000 00000002 0000 0000")),
            ("palette index outside", 2, 1, 1, bytes.fromhex("00 000000 00000001 01 00")),
            ("palette runs too short", 2, 2, 1, bytes.fromhex("00 000000 00000001 00 00")),
            ("palette runs too long", 2, 2, 1, bytes.fromhex("00 000000 00000001 00 02")),
            ("palette run length unfinished", 2, 2, 1, bytes.fromhex("00 000000 00000001 00 81")),
            ("palette run length of five bytes", 2, 2, 1, bytes.fromhex("00 000000 00000001 00 8180808000")),
            ("palette with bytes left over", 2, 2, 1, bytes.fromhex("00 000000 00000001 00 01 01")),
            ("palette with a huge number of runs", 2, 2, 1, bytes.fromhex("00 000000 ffffffff 00 01")),
            ("deflate broken", 3, 7, 5, b"\xff\xff\xff"),
            ("deflate cut short", 3, 7, 5, deflated[:-3]),
            ("deflate of a larger picture", 3, 7, 4, deflated),
            ("deflate of a smaller picture", 3, 7, 6, deflated),
            ("deflate with bytes left over", 3, 7, 5, deflated + b"\0"),
            ("too many pixels", 0, 16_384, 257, b"123"),
        )
    ]
    return {"rects": rects, "rejects": rejects, "copies": copies(), "copy_rejects": copy_rejects()}


def copies() -> list[Json]:
    """Copies in pictures of 12 x 9 pixels: every direction, with and without overlap, several after each other."""
    cases: list[Json] = []
    for why, steps in (
        ("up", [(0, 0, 12, 6, 0, 3)]),
        ("down", [(0, 3, 12, 6, 0, 0)]),
        ("down by one", [(2, 1, 9, 8, 2, 0)]),
        ("left", [(0, 0, 9, 9, 3, 0)]),
        ("right", [(1, 0, 11, 9, 0, 0)]),
        ("up and left", [(1, 1, 8, 6, 3, 3)]),
        ("up and right", [(4, 0, 8, 7, 1, 2)]),
        ("down and left", [(0, 2, 9, 7, 3, 0)]),
        ("down and right", [(2, 2, 10, 7, 0, 0)]),
        ("elsewhere", [(7, 5, 5, 4, 0, 0)]),
        ("one pixel", [(11, 8, 1, 1, 0, 0)]),
        ("onto itself", [(2, 2, 5, 5, 2, 2)]),
        ("all of it", [(0, 0, 12, 9, 0, 0)]),
        ("one after the other: the second reads what the first wrote", [(6, 0, 3, 3, 0, 0), (9, 0, 3, 3, 6, 0)]),
        ("a swap that is none", [(0, 0, 3, 3, 6, 6), (6, 6, 3, 3, 0, 0)]),
    ):
        pixels = np.random.default_rng(11).integers(0, 256, (9, 12, 4), dtype=np.uint8)
        case: Json = {"why": why, "width": 12, "height": 9, "before": picture.encode_raw(pixels).hex(), "rects": []}
        for x, y, width, height, from_x, from_y in steps:
            data = picture.encode_copy(from_x, from_y)
            case["rects"].append({"x": x, "y": y, "width": width, "height": height, "hex": data.hex()})
            # The plainest way there is, not the one that is tested: source out of the way first.
            source = pixels[from_y : from_y + height, from_x : from_x + width].copy()
            pixels[y : y + height, x : x + width] = source
        cases.append(case | {"after": picture.encode_raw(pixels).hex()})
    return cases


def copy_rejects() -> list[Json]:
    """Copies that are refused, in a picture of 12 x 9 pixels."""
    return [
        {"why": why, "x": 0, "y": 0, "width": width, "height": height, "hex": data}
        for why, width, height, data in (
            ("source right of the picture", 4, 3, "00090000"),
            ("source below the picture", 4, 3, "00000007"),
            ("source far away", 1, 1, "ffffffff"),
            ("source one column too far", 1, 1, "000c0000"),
            ("source one row too far", 1, 1, "00000009"),
            ("no source", 4, 3, ""),
            ("source cut short", 4, 3, "000000"),
            ("source with bytes left over", 4, 3, "0000000000"),
            ("too many pixels", 16_384, 257, "00000000"),
        )
    ]
