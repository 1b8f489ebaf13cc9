"""The canvas holds the agent's pixels, and in 1:1 the monitor shows them."""

import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.async_api import expect

from protocol import messages as m
from protocol.picture import Encoding, Pixels, encode_copy, encode_cursor
from tests.technician_viewer.viewer.pictures import flat, scene
from tests.technician_viewer.viewer.stage import VIEW, Stage, eventually, make_rect
from tests.technician_viewer.viewer.viewer_page import ViewerPage, chromium_of_ratio, opened_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


def rgb(png: bytes) -> Pixels:
    """Return a screenshot's pixels, RGB."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@pytest.mark.parametrize("encoding", [encoding for encoding in Encoding if encoding is not Encoding.COPY])
async def test_every_encoding_is_exact(viewer: ViewerPage, encoding: Encoding) -> None:
    agent = await viewer.connect()
    await agent.grant()
    picture = scene(333, 201)
    await agent.show(picture)
    part = flat(61, 47, (1, 2, 3)) if encoding is Encoding.SOLID else scene(61, 47, seed=7)
    if encoding is Encoding.PALETTE:
        part = np.ascontiguousarray(part & np.uint8(0xC0)) | np.uint8(0)
        part[..., 3] = 255
    picture[100:147, 200:261] = part
    picture[0:47, 0:61] = part
    await agent.show(picture, make_rect(part, 200, 100, encoding), make_rect(part, 0, 0, encoding))
    assert (await viewer.snapshot() == picture).all()


async def test_rects_of_a_frame_lie_in_their_order(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    picture = scene(200, 120)
    await agent.show(picture)
    noise, line, dot = scene(150, 100, seed=3), scene(60, 5, seed=4), flat(2, 2, (9, 8, 7))
    picture[10:110, 20:170] = noise
    picture[50:55, 30:90] = line
    picture[51:53, 40:42] = dot
    await agent.show(
        picture,
        make_rect(noise, 20, 10, Encoding.DEFLATE),
        make_rect(line, 30, 50, Encoding.RAW),
        make_rect(dot, 40, 51, Encoding.SOLID),
    )
    assert (await viewer.snapshot() == picture).all()


async def test_copies_read_what_the_rects_before_them_wrote(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    picture = scene(200, 120)
    await agent.show(picture)
    noise, dot = scene(50, 40, seed=3), flat(3, 3, (9, 8, 7))
    picture[20:60, 10:60] = noise
    rects = [make_rect(noise, 10, 20, Encoding.DEFLATE)]
    for x, y, width, height, from_x, from_y in (
        (0, 0, 200, 113, 0, 7),
        (5, 3, 190, 100, 0, 0),
        (0, 0, 150, 120, 50, 0),
        (10, 0, 190, 119, 0, 1),
        (120, 50, 40, 30, 0, 0),
    ):
        source = picture[from_y : from_y + height, from_x : from_x + width].copy()
        picture[y : y + height, x : x + width] = source
        rects.append(m.Rect(Encoding.COPY, x, y, width, height, encode_copy(from_x, from_y)))
    picture[60:63, 130:133] = dot
    await agent.show(picture, *rects, make_rect(dot, 130, 60, Encoding.SOLID))
    assert (await viewer.snapshot() == picture).all()


async def test_a_frame_appears_whole_or_not_at_all(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    before = scene(200, 120)
    await agent.show(before)
    after = flat(200, 120, (5, 5, 5))
    await agent.send(m.FrameBegin(99, complete=True), make_rect(after, 0, 0, Encoding.SOLID))
    await agent.send(m.CursorPosition(1, 1, visible=True))
    assert (await viewer.snapshot() == before).all()
    await agent.send(m.FrameEnd(99, 0, exact=True))
    await eventually(lambda: 99 in agent.acks)
    assert (await viewer.snapshot() == after).all()


async def test_many_rects_in_one_frame(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    picture = scene(640, 400)
    await agent.show(picture)
    fresh = scene(640, 400, seed=12)
    tiles = [
        make_rect(
            np.ascontiguousarray(fresh[y : y + 16, x : x + 16]), x, y, Encoding.RAW if x % 32 else Encoding.DEFLATE
        )
        for y in range(0, 400, 16)
        for x in range(0, 640, 16)
    ]
    assert len(tiles) == 1_000
    await agent.show(fresh, *tiles)
    assert (await viewer.snapshot() == fresh).all()


async def test_a_new_size_begins_empty(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await agent.show(scene(200, 120))
    await agent.send(m.Monitors(90, 70))
    small = flat(90, 70, (0, 0, 0))
    part = flat(10, 10, (3, 2, 1))
    small[5:15, 6:16] = part
    await agent.show(small, make_rect(part, 6, 5, Encoding.SOLID))
    assert (await viewer.snapshot() == small).all()


async def test_a_full_hd_picture(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    picture = scene(1920, 1080)
    await agent.show(picture)
    assert (await viewer.snapshot() == picture).all()


@pytest.mark.parametrize("ratio", [1, 1.25, 1.5, 2])
async def test_one_to_one_shows_every_pixel_as_it_is(stage: Stage, ratio: float) -> None:
    async with chromium_of_ratio(ratio) as browser, opened_page(browser, stage, no_viewport=True) as viewer:
        assert await viewer.page.evaluate("devicePixelRatio") == ratio
        agent = await viewer.connect()
        await agent.grant(VIEW)
        picture = scene(301, 203)
        await agent.show(picture)
        await viewer.page.get_by_role("button", name="1:1").click()
        box = await viewer.canvas_box()
        assert abs(box["width"] * ratio - 301) < 0.1
        left, top = box["x"] * ratio, box["y"] * ratio
        assert abs(left - round(left)) < 0.05
        assert abs(top - round(top)) < 0.05
        seen = rgb(await viewer.page.screenshot())
        part = seen[round(top) : round(top) + 203, round(left) : round(left) + 301]
        assert (part == picture[..., 2::-1]).all()


async def test_one_to_one_of_a_large_screen_is_scrolled(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant(VIEW)
    picture = scene(1400, 1100)
    await agent.show(picture)
    fit = await viewer.canvas_box()
    stage = await viewer.page.locator("#stage").bounding_box()
    assert stage is not None
    assert fit["width"] <= stage["width"]
    assert fit["height"] <= stage["height"]
    assert abs(fit["width"] / fit["height"] - 1400 / 1100) < 0.01
    await viewer.page.get_by_role("button", name="1:1").click()
    await viewer.page.locator("#scroller").evaluate("(scroller) => scroller.scrollTo(10_000, 10_000)")
    box = await viewer.canvas_box()
    assert (box["width"], box["height"]) == (1400, 1100)
    inner: list[int] = await viewer.page.locator("#scroller").evaluate("(s) => [s.clientWidth, s.clientHeight]")
    assert box["x"] + 1400 == inner[0], "scrolled to the very edge, and no further"
    seen = rgb(await viewer.page.screenshot())
    left, top = int(stage["x"]), int(stage["y"])
    part = seen[top : top + inner[1], left : left + inner[0]]
    assert (part == picture[-inner[1] :, -inner[0] :, 2::-1]).all()


async def test_hidden_pages_stop_acknowledging(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    picture = scene(100, 80)
    await agent.show(picture)
    hide = """(hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }"""
    await viewer.page.evaluate(hide, True)
    await agent.send(m.FrameBegin(50, complete=False), m.FrameEnd(50, 0, exact=True))
    await agent.send(m.FrameBegin(51, complete=False), m.FrameEnd(51, 0, exact=True))
    assert (await viewer.snapshot() == picture).all()
    assert agent.acks == [1]
    await viewer.page.evaluate(hide, False)
    await eventually(lambda: agent.acks == [1, 51])


async def test_refresh(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant(VIEW)
    await viewer.page.get_by_role("button", name="Refresh").click()
    await eventually(lambda: any(isinstance(message, m.Refresh) for message in agent.received))


async def test_the_cursor_has_the_shape_of_the_remote_one(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await agent.show(scene())
    shape = np.zeros((12, 9, 4), np.uint8)
    shape[2:5, 1:8] = (255, 0, 0, 255)
    await agent.send(m.CursorShape(9, 12, 4, 3, encode_cursor(shape)))
    canvas = viewer.page.locator("canvas.remote")
    await expect(canvas).to_have_css("cursor", re.compile(r'^url\("blob:.*"\) 4 3, default$'))
    pointer = viewer.page.locator("#remote-pointer")
    await expect(pointer).to_be_hidden()
    await agent.send(m.CursorPosition(100, 50, visible=True))
    await expect(pointer).to_be_visible()
    box, screen = await pointer.bounding_box(), await viewer.canvas_box()
    assert box is not None
    scale = screen["width"] / 320
    assert abs(box["x"] - (screen["x"] + 96 * scale)) < 1
    assert abs(box["y"] - (screen["y"] + 47 * scale)) < 1
    size: list[int] = await pointer.evaluate("(image) => [image.naturalWidth, image.naturalHeight]")
    assert size == [9, 12]
    await canvas.hover()
    await expect(pointer).to_be_hidden()
    await agent.send(m.CursorShape(0, 0, 0, 0, b""))
    await expect(canvas).to_have_css("cursor", "crosshair")
