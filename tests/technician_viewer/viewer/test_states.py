"""What the page says in each state of the connection."""

import time

import pytest
from playwright.async_api import expect

from protocol.handshake import Facts
from tests.technician_viewer.viewer.pictures import scene
from tests.technician_viewer.viewer.stage import BOTH, REQUESTER, TRACKING
from tests.technician_viewer.viewer.viewer_page import ViewerPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_the_whole_way_to_a_live_session(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await viewer.is_in("connecting")
    await agent.wait()
    await viewer.is_in("waiting")
    heading = viewer.page.get_by_role("heading", level=2)
    await expect(heading).to_have_text(f"Waiting for {REQUESTER}’s computer")
    await expect(viewer.page.get_by_role("link", name="Get a join code")).to_have_attribute(
        "href", f"/console/tickets/{TRACKING}#connect-heading"
    )
    await agent.ask()
    await viewer.is_in("asking")
    await expect(heading).to_have_text(f"{REQUESTER} is being asked")
    agent.connection.grant(BOTH, Facts("desk"), time.monotonic())
    await agent.flush()
    await viewer.is_in("live")
    await expect(viewer.page.locator("#notice")).to_be_hidden()
    await expect(viewer.page.get_by_text("You have control")).to_be_visible()
    picture = scene()
    await agent.show(picture)
    assert (await viewer.snapshot() == picture).all()
    assert await viewer.page.evaluate("window.towline.state()") == "live"
