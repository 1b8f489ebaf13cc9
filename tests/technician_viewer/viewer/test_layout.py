"""The page on a phone, by keyboard, and for people who want no motion."""

import pytest
from playwright.async_api import Browser, expect

from tests.technician_viewer.viewer.pictures import scene
from tests.technician_viewer.viewer.stage import Stage, eventually
from tests.technician_viewer.viewer.viewer_page import ViewerPage, opened_page

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

OVERFLOW = (
    "() => [document.documentElement.scrollWidth - innerWidth, document.documentElement.scrollHeight - innerHeight]"
)


async def test_a_phone(browser: Browser, stage: Stage) -> None:
    phone = {"width": 360, "height": 640}
    async with opened_page(browser, stage, viewport=phone, has_touch=True, is_mobile=True) as viewer:
        agent = await viewer.connect()
        await agent.wait()
        await viewer.is_in("waiting")
        assert await viewer.page.evaluate(OVERFLOW) == [0, 0]
        panel = await viewer.page.locator("#notice").bounding_box()
        assert panel is not None
        assert panel["x"] >= 0
        assert panel["x"] + panel["width"] <= 360
        await agent.grant()
        await agent.show(scene(1280, 800))
        assert await viewer.page.evaluate(OVERFLOW) == [0, 0]
        end = viewer.page.get_by_role("button", name="End session")
        await expect(end).to_be_hidden()
        more = viewer.page.get_by_role("button", name="Menu")
        await more.tap()
        await expect(more).to_have_attribute("aria-expanded", "true")
        await viewer.page.get_by_text("Keys", exact=True).tap()
        box = await viewer.page.locator(".menu-list").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
        await viewer.page.get_by_role("button", name="Windows key").tap()
        await eventually(lambda: [key[0] for key in agent.keys] == ["MetaLeft", "MetaLeft"])
        await expect(end).to_be_hidden()
        await viewer.page.locator("canvas.remote").tap()
        await eventually(lambda: len(agent.inputs) >= 4)
        await expect(viewer.page.locator("#typing")).to_have_js_property("inputMode", "none")
        await more.tap()
        await end.tap()
        await viewer.is_in("ended-by-me")
        assert await viewer.page.evaluate(OVERFLOW) == [0, 0]


async def test_every_tool_is_reached_by_keyboard(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await agent.show(scene())
    await viewer.page.keyboard.press("Control+Alt+Home")
    seen: list[str] = []
    for _ in range(7):
        seen.append(await viewer.page.evaluate("document.activeElement.textContent.trim() || 'home'"))
        await viewer.page.keyboard.press("Tab")
    assert [name for name in seen if not name.startswith("Keys")] == [
        "home",
        "1:1",
        "Full screen",
        "Type text",
        "Refresh",
        "End session",
    ]
    assert any(name.startswith("Keys") for name in seen)


async def test_an_end_takes_the_focus_and_is_told(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.refuse("declined")
    await viewer.is_in("declined")
    await expect(viewer.page.locator("#notice")).to_be_focused()
    await expect(viewer.page.get_by_role("status")).to_have_text("Declined")
    await viewer.page.keyboard.press("Tab")
    await expect(viewer.page.get_by_role("button", name="Connect again")).to_be_focused()
    await viewer.page.keyboard.press("Enter")
    await (await viewer.stage.viewer()).grant()
    await viewer.is_in("live")


async def test_nothing_moves_for_who_wants_no_motion(browser: Browser, stage: Stage) -> None:
    async with opened_page(browser, stage, reduced_motion="reduce") as viewer:
        await viewer.connect()
        await viewer.is_in("connecting")
        lamp = await viewer.page.locator(".lamp").evaluate("(lamp) => getComputedStyle(lamp).animationName")
        assert lamp == "none"


async def test_an_end_while_text_is_being_written(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await viewer.page.get_by_role("button", name="Type text").click()
    await viewer.page.locator("#text-field").fill("half a sentence")
    await agent.bye("ended")
    await viewer.is_in("ended-by-user")
    await expect(viewer.page.locator("#text-dialog")).to_be_hidden()
    await expect(viewer.page.locator("#notice")).to_be_focused()
