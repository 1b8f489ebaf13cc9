"""The picture, without a network."""

from protocol import messages as m
from technician_viewer.canvas import MAX_RECTS_REMEMBERED, Canvas


def test_a_frame_of_many_rects_remembers_few() -> None:
    canvas = Canvas()
    canvas.resize(m.Monitors(2, 2))
    canvas.begin(m.FrameBegin(1, True))
    for number in range(3 * MAX_RECTS_REMEMBERED):
        canvas.put(m.Rect(0, number % 2, 0, 1, 1, bytes([number & 255, 7, 9])))
    changed = canvas.end(m.FrameEnd(1, 0, True))
    assert len(changed) <= MAX_RECTS_REMEMBERED
    assert canvas.picture[0, 1, :3].tolist() == [9, 7, (3 * MAX_RECTS_REMEMBERED - 1) & 255]
