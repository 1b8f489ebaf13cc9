"""What Python's agent draws both viewers show, pixel for pixel: scrolls, moves and other changes, drawn by chance."""

import os

import numpy as np
import pytest

from agent.encode import ExactEncoder
from agent.ports import Pixels
from agent.region import Box
from protocol import messages as m
from protocol.errors import LocalProtocolError
from protocol.handshake import Feature
from protocol.picture import Encoding, encode_copy
from protocol.rights import Right
from technician_viewer.canvas import Canvas
from tests.agent.test_encode import part, text_page, whole
from tests.interop.meeting import Chance, Meeting, carry, expected
from tests.interop.peer import Json, Node
from tests.interop.test_sessions import meet

WIDTH, HEIGHT = 230, 150
SCREENS = 40
FRAMES = 8
GROUNDS = (
    text_page(WIDTH, HEIGHT),
    np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 4), dtype=np.uint8),
    np.zeros((HEIGHT, WIDTH, 4), np.uint8),
)


def change(chance: Chance, pixels: Pixels) -> None:
    """Scroll, move, fill or spoil a part of the picture."""
    x, y = chance.below(WIDTH), chance.below(HEIGHT)
    box = Box(x, y, 1 + chance.below(WIDTH - x), 1 + chance.below(HEIGHT - y))
    area = pixels[box.y : box.bottom, box.x : box.right]
    way = (chance.below(81) - 40, (chance.below(81) - 40) * chance.below(2))
    manner = chance.below(8)
    if manner < 4:
        area[...] = np.roll(area, way, axis=(0, 1))
    elif manner < 6:
        x = min(max(0, box.x + way[1]), WIDTH - box.width)
        y = min(max(0, box.y + way[0]), HEIGHT - box.height)
        pixels[y : y + box.height, x : x + box.width] = area.copy()
    elif manner == 6:
        area[..., :3] = chance.below(256)
    else:
        area[...] = np.frombuffer(chance.bytes(area.size), np.uint8).reshape(area.shape)


class Both:
    """A canvas of Python's viewer, and what the browser's one is to be told."""

    def __init__(self) -> None:
        self.canvas = Canvas()
        self.frames: list[Json] = []

    def take(self, sent: list[m.Message]) -> None:
        """Show one frame."""
        for message in sent:
            if isinstance(message, m.Monitors):
                self.canvas.resize(message)
            elif isinstance(message, m.FrameBegin):
                self.canvas.begin(message)
                self.frames.append({"complete": message.complete, "rects": []})
            elif isinstance(message, m.Rect):
                self.canvas.put(message)
                fields = {name: getattr(message, name) for name in message.__struct_fields__}
                self.frames[-1]["rects"].append(fields | {"data": message.data.hex()})
            elif isinstance(message, m.FrameEnd):
                self.canvas.end(message)


def test_both_viewers_show_what_is_on_the_screen(node: Node) -> None:
    # New ones on every run; pytest shows this line when one fails, and the seed plays it again.
    run = os.environ.get("TOWLINE_INTEROP_SEED") or os.urandom(6).hex()
    print(f"TOWLINE_INTEROP_SEED={run}")
    copies = 0
    for index in range(SCREENS):
        chance = Chance(f"{run} {index}")
        pixels = GROUNDS[chance.below(len(GROUNDS))].copy()
        encoder, both = ExactEncoder(frozenset({Feature.COPY})), Both()
        both.take(list(encoder.encode(whole(pixels, layout=True))))
        for _ in range(FRAMES):
            for _ in range(1 + chance.below(3)):
                change(chance, pixels)
            both.take(list(encoder.encode(part(pixels, Box(0, 0, WIDTH, HEIGHT)))))
            assert np.array_equal(both.canvas.picture[..., :3], pixels[..., :3]), (run, index)
        shown = node.call(op="paint", width=WIDTH, height=HEIGHT, frames=both.frames)["rgba"]
        assert shown == both.canvas.picture[..., [2, 1, 0, 3]].tobytes().hex(), (run, index)
        copies += sum(rect["encoding"] == Encoding.COPY for frame in both.frames for rect in frame["rects"])
    assert copies >= SCREENS


@pytest.mark.parametrize("js_is_agent", [False, True], ids=["js-viewer", "js-agent"])
@pytest.mark.parametrize("features", [(), ("copy",)], ids=["cannot-copy", "can-copy"])
def test_a_copy_goes_only_to_a_viewer_that_named_it(
    node: Node, features: tuple[str, ...], *, js_is_agent: bool
) -> None:
    meeting = Meeting.draw(Chance("features"), rights=frozenset(Right), features=features)
    agent = meeting.agent(node if js_is_agent else None)
    viewer = meeting.viewer(None if js_is_agent else node)
    meet(agent, viewer)
    agent.grant(frozenset(Right), meeting.facts)
    carry(agent, viewer)
    viewer.told()
    copy = m.Rect(Encoding.COPY, 0, 0, 5, 5, encode_copy(7, 9))
    if features:
        agent.send_all([copy])
        carry(agent, viewer)
        assert viewer.told() == expected([copy])
    else:
        with pytest.raises((LocalProtocolError, AssertionError), match=r"did not say|LocalProtocolError"):
            agent.send_all([copy])
        assert agent.data_to_send() == []
