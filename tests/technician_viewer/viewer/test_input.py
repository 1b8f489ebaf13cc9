"""What a person does at the page arrives at the agent as the protocol says it."""

import math
from functools import partial

import pytest
from playwright.async_api import expect

from protocol import messages as m
from protocol.messages import Modifier
from tests.technician_viewer.viewer.pictures import scene
from tests.technician_viewer.viewer.stage import BOTH, Agent, Stage, eventually
from tests.technician_viewer.viewer.viewer_page import ViewerPage, chromium_of_ratio, opened_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def controlling(viewer: ViewerPage, width: int = 320, height: int = 200) -> Agent:
    """Return the agent of a live session in which a picture is shown."""
    agent = await viewer.connect()
    await agent.grant(BOTH)
    await agent.show(scene(width, height))
    await expect(viewer.page.locator("#typing")).to_be_focused()
    return agent


async def settled(viewer: ViewerPage, agent: Agent) -> None:
    """Wait until all input so far has arrived: a frame is acknowledged behind it."""
    await viewer.page.evaluate("() => new Promise((resolve) => setTimeout(resolve, 20))")
    await agent.show(scene())


# --- keyboard


async def test_typing(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    keyboard = viewer.page.keyboard
    await keyboard.press("a")
    await keyboard.press("Shift+A")
    await keyboard.press("Digit5")
    await keyboard.press("Enter")
    await keyboard.press("F5")
    await keyboard.press("ArrowLeft")
    await eventually(lambda: len(agent.keys) == 14)
    assert agent.keys == [
        ("KeyA", "a", 0, True),
        ("KeyA", "a", 0, False),
        ("ShiftLeft", "", Modifier.SHIFT, True),
        ("KeyA", "A", Modifier.SHIFT, True),
        ("KeyA", "A", Modifier.SHIFT, False),
        ("ShiftLeft", "", 0, False),
        ("Digit5", "5", 0, True),
        ("Digit5", "5", 0, False),
        ("Enter", "", 0, True),
        ("Enter", "", 0, False),
        ("F5", "", 0, True),
        ("F5", "", 0, False),
        ("ArrowLeft", "", 0, True),
        ("ArrowLeft", "", 0, False),
    ]
    assert [message.seq for message in agent.inputs] == list(range(1, len(agent.inputs) + 1))
    assert agent.texts == []


async def test_shortcuts_of_the_browser_go_to_the_other_computer(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    await viewer.page.keyboard.press("Control+s")
    await viewer.page.keyboard.press("Control+Shift+K")
    await viewer.page.keyboard.press("Alt+ArrowLeft")
    await viewer.page.keyboard.press("Tab")
    await eventually(lambda: len(agent.keys) == 16)
    assert ("KeyS", "s", Modifier.CONTROL, True) in agent.keys
    assert ("KeyK", "K", Modifier.CONTROL | Modifier.SHIFT, True) in agent.keys
    assert ("ArrowLeft", "", Modifier.ALT, True) in agent.keys
    await expect(viewer.page.locator("#typing")).to_be_focused()
    await viewer.is_in("live")


async def test_keys_of_another_layout(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    cdp = await viewer.cdp()
    for code, text in (("KeyY", "z"), ("BracketLeft", "ü"), ("KeyQ", "й"), ("KeyE", "€")):
        event = {"code": code, "key": text, "text": text, "windowsVirtualKeyCode": 65}
        await cdp.send("Input.dispatchKeyEvent", {"type": "keyDown", **event})
        await cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **event})
    await eventually(lambda: len(agent.keys) == 8)
    assert [key[:2] for key in agent.keys[::2]] == [("KeyY", "z"), ("BracketLeft", "ü"), ("KeyQ", "й"), ("KeyE", "€")]
    assert agent.texts == []


async def test_dead_keys_and_input_methods_give_text(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    cdp = await viewer.cdp()
    dead = {"code": "Equal", "key": "Dead", "windowsVirtualKeyCode": 229}
    await cdp.send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **dead})
    await cdp.send("Input.dispatchKeyEvent", {"type": "keyUp", **dead})
    await cdp.send("Input.imeSetComposition", {"text": "´", "selectionStart": 1, "selectionEnd": 1})
    await cdp.send("Input.insertText", {"text": "é"})
    await eventually(lambda: agent.texts == ["é"])
    await cdp.send("Input.imeSetComposition", {"text": "に", "selectionStart": 1, "selectionEnd": 1})
    await cdp.send("Input.imeSetComposition", {"text": "日本", "selectionStart": 2, "selectionEnd": 2})
    await cdp.send("Input.insertText", {"text": "日本"})
    await eventually(lambda: agent.texts == ["é", "日本"])
    await cdp.send("Input.insertText", {"text": "🙂"})
    await eventually(lambda: agent.texts == ["é", "日本", "🙂"])
    assert agent.keys == []
    await viewer.page.keyboard.press("b")
    await eventually(lambda: agent.keys == [("KeyB", "b", 0, True), ("KeyB", "b", 0, False)])
    assert await viewer.page.locator("#typing").input_value() == ""


async def test_keys_that_repeat(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    for _ in range(3):
        await viewer.page.keyboard.down("x")
    await viewer.page.keyboard.up("x")
    await eventually(lambda: len(agent.keys) == 4)
    assert [down for _, _, _, down in agent.keys] == [True, True, True, False]


async def test_lock_keys_stay_here(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    await viewer.page.keyboard.press("CapsLock")
    await viewer.page.keyboard.press("c")
    await eventually(lambda: len(agent.keys) == 2)
    assert [key[0] for key in agent.keys] == ["KeyC", "KeyC"]


async def test_losing_the_focus_releases_everything(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    await viewer.page.keyboard.down("Control")
    await viewer.page.keyboard.down("c")
    await eventually(lambda: len(agent.keys) == 2)
    await viewer.page.evaluate("window.dispatchEvent(new Event('blur'))")
    await eventually(lambda: isinstance(agent.inputs[-1], m.ReleaseAll))
    await viewer.page.keyboard.up("c")
    await viewer.page.keyboard.up("Control")
    await settled(viewer, agent)
    assert len(agent.keys) == 2, "what was released as a whole goes up only once"
    await viewer.page.keyboard.press("d")
    await eventually(lambda: len(agent.keys) == 4)


async def test_the_way_out_by_keyboard(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    await viewer.page.keyboard.press("Control+Alt+Home")
    await expect(viewer.page.locator("#typing")).not_to_be_focused()
    await eventually(lambda: isinstance(agent.inputs[-1], m.ReleaseAll))
    await expect(viewer.page.locator("#bar :focus")).to_have_count(1)
    await viewer.page.keyboard.press("Tab")
    await expect(viewer.page.locator("#bar :focus")).to_have_count(1)
    assert not [key for key in agent.keys if key[0] in {"Home", "Tab"}]
    await viewer.page.keyboard.press("Escape")
    await expect(viewer.page.locator("#typing")).to_be_focused()


# --- toolbar


async def test_ctrl_alt_del_and_its_kind(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    await viewer.page.get_by_text("Keys", exact=True).click()
    await viewer.page.get_by_role("button", name="Ctrl + Alt + Del").click()
    await eventually(lambda: len(agent.keys) == 6)
    assert [(code, down) for code, _, _, down in agent.keys] == [
        ("ControlLeft", True),
        ("AltLeft", True),
        ("Delete", True),
        ("Delete", False),
        ("AltLeft", False),
        ("ControlLeft", False),
    ]
    await expect(viewer.page.get_by_role("button", name="Ctrl + Alt + Del")).to_be_hidden()
    await expect(viewer.page.locator("#typing")).to_be_focused()
    await viewer.page.get_by_text("Keys", exact=True).click()
    await viewer.page.get_by_role("button", name="Let go of all keys").click()
    await eventually(lambda: isinstance(agent.inputs[-1], m.ReleaseAll))


async def test_type_text(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    await viewer.page.get_by_role("button", name="Type text").click()
    text = "Grüße\n" + "🙂" * 5_000
    await viewer.page.locator("#text-field").fill(text)
    await viewer.page.get_by_role("button", name="Type it").click()
    await eventually(lambda: "".join(agent.texts) == text)
    assert [len(part) for part in agent.texts] == [4_096, len(text) - 4_096]
    assert agent.keys == []
    await expect(viewer.page.locator("#typing")).to_be_focused()
    await viewer.page.get_by_role("button", name="Type text").click()
    assert await viewer.page.locator("#text-field").input_value() == ""
    await viewer.page.locator("#text-field").fill("never")
    await viewer.page.keyboard.press("Escape")
    await settled(viewer, agent)
    assert "never" not in agent.texts


# --- pointer


def buttons(agent: Agent) -> list[tuple[int, bool]]:
    """Return the buttons among the agent's input."""
    return [(i.button, i.down) for i in agent.inputs if isinstance(i, m.Button)]


async def test_buttons(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    canvas = viewer.page.locator("canvas.remote")
    await canvas.click()
    await canvas.click(button="middle")
    await canvas.click(button="right")
    cdp = await viewer.cdp()
    box = await viewer.canvas_box()
    place = {"x": box["x"] + 30, "y": box["y"] + 30, "clickCount": 1}
    for button in ("back", "forward"):
        await cdp.send("Input.dispatchMouseEvent", {"type": "mousePressed", "button": button, **place})
        await cdp.send("Input.dispatchMouseEvent", {"type": "mouseReleased", "button": button, **place})
    await eventually(lambda: len(buttons(agent)) == 10)
    assert buttons(agent) == [(number, down) for number in (1, 2, 3, 8, 9) for down in (True, False)]
    await viewer.is_in("live")


async def test_two_buttons_at_once(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    await viewer.page.locator("canvas.remote").hover()
    for step, button in (("down", "left"), ("down", "right"), ("up", "left"), ("up", "right")):
        await getattr(viewer.page.mouse, step)(button=button)
    await eventually(lambda: len(buttons(agent)) == 4)
    assert buttons(agent) == [(1, True), (3, True), (1, False), (3, False)]


async def test_a_drag_may_leave_the_screen(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    box = await viewer.canvas_box()
    await viewer.page.mouse.move(box["x"] + 40, box["y"] + 40)
    await viewer.page.mouse.down()
    await viewer.page.mouse.move(2, 2, steps=3)
    await viewer.page.mouse.up()
    await eventually(lambda: buttons(agent) == [(1, True), (1, False)])
    last = agent.inputs[-1]
    assert isinstance(last, m.Button)
    assert (last.x, last.y) == (0, 0)


async def test_the_wheel_counts_in_parts_of_a_notch(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    await viewer.page.locator("canvas.remote").hover()

    def turned() -> tuple[int, int]:
        wheels = [i for i in agent.inputs if isinstance(i, m.Wheel)]
        return sum(w.dx for w in wheels), sum(w.dy for w in wheels)

    await viewer.page.mouse.wheel(0, 100)
    await eventually(lambda: turned() == (0, 120))
    await viewer.page.mouse.wheel(-300, 0)
    await eventually(lambda: turned() == (-360, 120))
    for _ in range(10):
        await viewer.page.mouse.wheel(0, -0.5)
    await eventually(lambda: turned() == (-360, 114))
    assert await viewer.page.evaluate("window.scrollY") == 0


def pressed(agent: Agent, downs_and_ups: int) -> bool:
    """Whether so many buttons went down or up."""
    return len(buttons(agent)) == downs_and_ups


@pytest.mark.parametrize("ratio", [1, 1.5])
@pytest.mark.parametrize("exact", [False, True])
async def test_every_point_is_the_pixel_under_it(stage: Stage, ratio: float, exact: bool) -> None:
    async with chromium_of_ratio(ratio) as browser, opened_page(browser, stage, no_viewport=True) as viewer:
        agent = await controlling(viewer, 640, 480)
        if exact:
            await viewer.page.get_by_role("button", name="1:1").click()
        box = await viewer.canvas_box()
        scale = box["width"] / 640
        for clicks, (x, y) in enumerate(((0, 0), (639, 479), (320, 240), (17, 333), (638, 1)), 1):
            await viewer.page.mouse.move(box["x"] + (x + 0.5) * scale, box["y"] + (y + 0.5) * scale)
            await viewer.page.mouse.down()
            await viewer.page.mouse.up()
            await eventually(partial(pressed, agent, 2 * clicks))
            last = agent.inputs[-1]
            assert isinstance(last, m.Button)
            # Chromium counts mouse positions in whole CSS pixels.
            slack = math.ceil(1 / scale) if scale < 1 or ratio != 1 else 1
            assert abs(last.x - x) <= slack
            assert abs(last.y - y) <= slack
            if ratio == 1 and exact:
                assert (last.x, last.y) == (x, y)


async def test_moves_are_lined_up_and_the_last_one_counts(viewer: ViewerPage) -> None:
    agent = await controlling(viewer)
    box = await viewer.canvas_box()
    for step in range(200):
        await viewer.page.mouse.move(box["x"] + step, box["y"] + 20)
    await viewer.page.mouse.move(box["x"] + box["width"] - 0.5, box["y"] + box["height"] - 0.5)

    def last() -> tuple[int, int]:
        moves = [i for i in agent.inputs if isinstance(i, m.PointerMove)]
        return (moves[-1].x, moves[-1].y) if moves else (-1, -1)

    await eventually(lambda: last() == (319, 199))
