"""A technician in a real Chromium, a user at a real terminal, and everything between them."""

import base64
import io
import math
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from protocol.picture import Pixels
from tests.e2e.scene import BUTTONS, button_centre, open_notes, photo, show_buttons, show_photo
from tests.support.display import VirtualDisplay, wait_until
from tests.support.stack import EMAIL, Filed, Stack

pytestmark = [pytest.mark.display, pytest.mark.browser]

# Two cores carry a browser, two X clients and whatever else the machine does.
PATIENCE_S = 40.0
TYPED = "Grüße! 12 < 34 & ~/x {a|b} €\n"

# The canvas's own pixels, R G B A, as base64: what the page holds, not what the compositor made of it.
SNAPSHOT = """async () => {
  const { width, height, data } = await window.towline.snapshot();
  const bytes = new Uint8Array(data);
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return { width, height, data: btoa(text) };
}"""


def log_in(page: Page, stack: Stack, then: str) -> None:
    """Log in at the console and go on to `then`."""
    page.goto(stack.server.origin + then)
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password").fill(stack.password)
    page.get_by_role("button", name="Log in").click()


def snapshot(page: Page) -> Pixels:
    """Return the canvas as RGBA (height, width, 4)."""
    shot = page.evaluate(SNAPSHOT)
    return np.frombuffer(base64.b64decode(shot["data"]), np.uint8).reshape(shot["height"], shot["width"], 4)


def same(seen: Pixels, screen: Pixels) -> bool:
    """Whether an RGB(A) picture and a BGRX screen show the same."""
    return seen.shape[:2] == screen.shape[:2] and np.array_equal(seen[..., :3], screen[..., 2::-1])


def connect(page: Page, stack: Stack, display: VirtualDisplay) -> Filed:
    """From the filed ticket to the live picture, with consent given at the agent's terminal."""
    ticket = stack.file_ticket("The button does nothing")
    log_in(page, stack, "/console?view=unassigned")
    page.get_by_role("link", name="The button does nothing").click()
    page.get_by_role("button", name="Take it").click()
    agent = stack.start_asking_agent(ticket, display.name)
    page.get_by_role("link", name="Connect", exact=True).click()
    agent.wait_for("Tess Technician from Harbour IT asks")
    expect(page.locator("body")).to_have_attribute("data-state", "asking")
    agent.type_line("c")
    expect(page.locator("body")).to_have_attribute("data-state", "live")
    page.wait_for_function("() => document.querySelector('canvas')?.getBoundingClientRect().width > 600")
    return ticket


def click_pixel(page: Page, x: int, y: int, size: tuple[int, int]) -> None:
    """Click where pixel (x, y) of the remote screen is drawn."""
    box = page.locator("canvas").bounding_box()
    assert box is not None
    place = {"x": (x + 0.5) * box["width"] / size[0], "y": (y + 0.5) * box["height"] / size[1]}
    page.locator("canvas").click(position={"x": place["x"], "y": place["y"]})


def covered_by(overlay: Locator, under: Locator) -> tuple[slice, slice]:
    """Return the rows and columns of `under` that `overlay` covers."""
    box, base = overlay.bounding_box(), under.bounding_box()
    assert box is not None
    assert base is not None
    left, top = box["x"] - base["x"], box["y"] - base["y"]
    return (
        slice(max(0, int(top)), math.ceil(top + box["height"])),
        slice(max(0, int(left)), math.ceil(left + box["width"])),
    )


def test_from_the_ticket_to_the_file_the_button_and_the_exact_picture(
    page: Page, stack: Stack, display: VirtualDisplay, tmp_path: Path
) -> None:
    typed = open_notes(display, tmp_path)
    buttons = show_buttons(display)
    with display.connect() as connection:
        show_photo(display, connection)
        connect(page, stack, display)

        click_pixel(page, 200, 200, (display.width, display.height))
        page.keyboard.type(TYPED)
        wait_until(lambda: typed.read_text("utf-8") == TYPED, f"{TYPED!r} in the file", PATIENCE_S)

        # Fit to the window first, exact pixels then: both must hit the button they were aimed at.
        click_pixel(page, *button_centre(connection, 0), (display.width, display.height))
        wait_until(lambda: buttons.poll() is not None, "the button to be pressed", PATIENCE_S)
        assert buttons.returncode == BUTTONS["Repair"]

        page.get_by_role("button", name="1:1").click()
        wait_until(lambda: same(snapshot(page), display.picture()), "the canvas to equal the screen", PATIENCE_S)
        assert np.array_equal(display.picture()[40:280, 660:980, :3], photo()[..., :3]), "the photo is in the scene"

        # And what the browser draws of it: the same, but for the user's pointer, which the viewer draws on top.
        page.mouse.move(5, 5)
        canvas, pointer = page.locator("canvas"), page.locator("#remote-pointer")
        expect(pointer).to_be_visible()
        drawn = np.asarray(Image.open(io.BytesIO(canvas.screenshot())).convert("RGB")).copy()
        screen = display.picture()
        for picture in (drawn, screen):
            picture[covered_by(pointer, canvas)] = 0
        assert same(drawn, screen)

    page.get_by_role("button", name="End session").click()
    expect(page.locator("body")).to_have_attribute("data-state", "ended-by-me")


def test_after_a_no_nothing_was_shown(page: Page, stack: Stack, display: VirtualDisplay) -> None:
    ticket = stack.file_ticket()
    log_in(page, stack, f"/console/tickets/{ticket.tracking}")
    page.get_by_role("button", name="Take it").click()
    agent = stack.start_asking_agent(ticket, display.name)
    page.get_by_role("link", name="Connect", exact=True).click()
    agent.wait_for("Tess Technician")
    agent.type_line("n")
    expect(page.locator("body")).to_have_attribute("data-state", "declined")
    assert page.locator("canvas").count() == 0 or not snapshot(page)[..., :3].any()


def test_a_ticket_of_somebody_else_opens_no_session(page: Page, stack: Stack) -> None:
    ticket = stack.file_ticket()
    log_in(page, stack, f"/console/tickets/{ticket.tracking}")
    expect(page.get_by_role("link", name="Connect", exact=True)).to_have_count(0)
    session_page = f"{stack.server.origin}/console/session/{ticket.tracking}"
    assert page.request.get(session_page).status in {403, 409}
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_role("button", name="Take it")).to_have_count(0)
    assert page.request.get(session_page).status == 200
