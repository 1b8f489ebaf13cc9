"""What stands on the user's screen: text, a photo, a button, and a terminal that writes a file."""

import subprocess
from pathlib import Path
from typing import Any, Final

import numpy as np
from Xlib import X

from protocol.picture import Pixels
from tests.support.display import VirtualDisplay, wait_until

PHOTO_SIZE: Final = (320, 240)
BUTTONS: Final = {"Repair": 7, "Leave": 8}


def photo() -> Pixels:
    """Return something like a photo, BGRX (height, width, 4): soft gradients, edges, grain; the same every time."""
    width, height = PHOTO_SIZE
    y, x = np.mgrid[0:height, 0:width]
    random = np.random.default_rng(11)
    picture = np.zeros((height, width, 4), np.uint8)
    for channel, (along, across) in enumerate(((60, 90), (45, 130), (110, 70))):
        wave = 127 + 70 * np.sin(x / along) * np.cos(y / across) + 25 * ((x - y) % 97 > 48)
        picture[..., channel] = np.clip(wave + random.normal(0, 6, (height, width)), 0, 255)
    return picture


def show_photo(display: VirtualDisplay, connection: Any, at: tuple[int, int] = (660, 40)) -> Any:
    """Show the photo in a window of its own, over which no window manager has a say; return the window."""
    width, height = PHOTO_SIZE
    screen = connection.screen()
    window = screen.root.create_window(
        *at, width, height, 0, screen.root_depth, X.InputOutput, X.CopyFromParent,
        override_redirect=True, event_mask=X.ExposureMask,
    )  # fmt: skip
    window.set_wm_name("photo")
    window.map()
    connection.sync()
    context = window.create_gc()
    rows = photo()
    for top in range(0, height, 40):
        part = rows[top : top + 40]
        window.put_image(context, 0, top, width, len(part), X.ZPixmap, screen.root_depth, 0, part.tobytes())
    connection.sync()
    wait_until(lambda: "photo" in display.windows(), "the photo to appear")
    return window


def show_buttons(display: VirtualDisplay) -> "subprocess.Popen[bytes]":
    """Open a window with real buttons; the program ends with the number of the one that is clicked."""
    buttons = ",".join(f"{name}:{number}" for name, number in BUTTONS.items())
    program = display.run("xmessage", "-geometry", "+660+400", "-title", "question", "-buttons", buttons, "Repair it?")
    wait_until(lambda: "question" in display.windows(), "the window with buttons to appear")
    return program


def button_centre(connection: Any, index: int) -> tuple[int, int]:
    """Return where on the screen the middle of the xmessage window's button is: its child windows are its widgets."""
    root = connection.screen().root
    widgets: list[tuple[int, int]] = []

    def walk(window: Any, *, inside: bool) -> None:
        for child in window.query_tree().children:
            here = inside or child.get_wm_name() == "question"
            geometry = child.get_geometry()
            if here and not child.query_tree().children and child.get_attributes().map_state == X.IsViewable:
                place = root.translate_coords(child, 0, 0)
                widgets.append((place.x + geometry.width // 2, place.y + geometry.height // 2))
            walk(child, inside=here)

    walk(root, inside=False)
    # The message text is a widget too; the buttons are the lowest, from left to right.
    lowest = max(y for _, y in widgets)
    return sorted(place for place in widgets if place[1] > lowest - 8)[index]


def open_notes(display: VirtualDisplay, folder: Path) -> Path:
    """Open a terminal whose every typed line goes into the file that is returned."""
    typed = folder / "typed.txt"
    display.text_file(typed)
    return typed
