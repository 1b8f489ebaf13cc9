"""What the page says in each state of the connection, and how it gets there."""

import time

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from playwright.async_api import expect

from protocol import messages as m
from protocol.envelope import Asking, Ended, GoingAway, RightsNarrowed
from protocol.handshake import Facts, RefusalReason
from protocol.rights import Right
from tests.technician_viewer.viewer.pictures import scene
from tests.technician_viewer.viewer.stage import BOTH, REQUESTER, TRACKING, VIEW, Keys, eventually
from tests.technician_viewer.viewer.viewer_page import ViewerPage

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]


async def test_the_whole_way_to_a_live_session(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await viewer.is_in("connecting")
    await agent.wait()
    await viewer.is_in("waiting")
    heading = viewer.page.locator("#notice-heading")
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


async def test_the_key_is_kept_and_cannot_be_taken_out(viewer: ViewerPage) -> None:
    await viewer.connect()
    first = list(viewer.stage.devices)
    await viewer.connect()
    assert viewer.stage.devices == first, "the second visit certified again"
    extractable = await viewer.page.evaluate(
        """() => new Promise((resolve) => {
          indexedDB.open("towline").onsuccess = (event) => {
            event.target.result.transaction("devices").objectStore("devices").get("t1").onsuccess = (got) =>
              resolve(got.target.result.pair.privateKey.extractable);
          };
        })"""
    )
    assert extractable is False


async def test_a_device_that_the_server_forgot_is_replaced(viewer: ViewerPage) -> None:
    viewer.expected_errors = ("409",)
    await viewer.connect()
    viewer.stage.forget_device_once = True
    agent = await viewer.connect()
    await agent.grant()
    await viewer.is_in("live")
    assert len(set(viewer.stage.devices)) == 2


@pytest.mark.parametrize(
    ("reason", "state", "says"),
    [("declined", "declined", "said no"), ("timeout", "no-answer", "did not answer"), ("busy", "busy", "doesn’t ask")],
)
async def test_no(viewer: ViewerPage, reason: RefusalReason, state: str, says: str) -> None:
    agent = await viewer.connect()
    await agent.refuse(reason)
    await viewer.is_in(state)
    await expect(viewer.page.locator("#notice-heading")).to_contain_text(says)
    again = viewer.page.get_by_role("button", name="Connect again")
    await again.click()
    second = await viewer.stage.viewer()
    assert second.session != agent.session, "a new session, with a new question"
    await second.grant()
    await viewer.is_in("live")


@pytest.mark.parametrize(
    ("code", "state"),
    [
        ("ended", "ended-by-user"),
        ("agent-stopped", "agent-stopped"),
        ("rights-withdrawn", "withdrawn"),
        ("capture-failed", "no-picture"),
    ],
)
async def test_a_goodbye_is_an_end(viewer: ViewerPage, code: m.ByeCode, state: str) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await agent.show(scene())
    await agent.bye(code)
    await agent.close()
    await viewer.is_in(state)


async def test_the_end_asks_for_the_solution(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await viewer.is_in("live")
    await viewer.page.get_by_role("button", name="End session").click()
    await viewer.is_in("ended-by-me")
    await eventually(lambda: agent.end is not None)
    assert agent.end is not None
    assert (agent.end.ended, agent.end.code) == (True, "ended")
    await expect(viewer.page.get_by_role("link", name="Write the solution")).to_have_attribute(
        "href", f"/console/tickets/{TRACKING}#solution"
    )
    await eventually(lambda: agent.close_code == 1000)


async def test_leaving_the_page_says_goodbye(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await viewer.is_in("live")
    await viewer.page.goto(f"{viewer.stage.origin}/elsewhere")
    await eventually(lambda: agent.close_code is not None)


@pytest.mark.parametrize(
    ("code", "state"),
    [
        (1000, "lost"),
        (1006, "lost"),
        (4409, "replaced"),
        (4410, "stopped"),
        (4440, "agent-gone"),
        (4442, "lost"),
        (4503, "server-away"),
    ],
)
async def test_a_close_without_goodbye_is_never_an_end(viewer: ViewerPage, code: int, state: str) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await agent.show(scene())
    if code == 1006:
        agent.drop()
    else:
        await agent.close(code)
    await viewer.is_in(state)
    await expect(viewer.page.locator("#notice")).not_to_contain_text("ended the session")


async def test_the_server_ends_it(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await agent.say(Ended(agent.session, "ticket-closed"))
    await agent.close(4410)
    await viewer.is_in("stopped")


async def test_the_server_restarts(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.say(GoingAway(2_000))
    await agent.close(4503)
    await viewer.is_in("server-away")


async def test_a_ticket_for_the_socket_that_is_not_accepted(viewer: ViewerPage) -> None:
    viewer.stage.refuse_tickets = True
    await viewer.open()
    await viewer.is_in("not-accepted")
    viewer.stage.refuse_tickets = False
    await viewer.page.get_by_role("button", name="Connect again").click()
    await (await viewer.stage.viewer()).grant()
    await viewer.is_in("live")


async def test_the_computer_never_comes(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.wait()
    await agent.close(4441)
    await viewer.is_in("agent-absent")


async def test_silence_is_unstable_and_a_record_makes_it_live_again(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await viewer.is_in("live")
    agent.silent = True
    await viewer.is_in("unstable")
    await expect(viewer.page.locator("#state")).to_contain_text("nothing heard")
    agent.silent = False
    await viewer.is_in("live")


async def test_a_computer_with_another_key_is_refused(viewer: ViewerPage) -> None:
    viewer.stage.pinned = X25519PrivateKey.generate()
    agent = await viewer.connect()
    await agent.grant()
    await viewer.is_in("refused")
    viewer.stage.pinned = None
    agent = await viewer.connect()
    await agent.grant()
    await viewer.is_in("live")


async def test_an_agent_of_another_organisation_refuses(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    agent.use_keys(Keys())
    await agent.join()
    await viewer.is_in("checking")
    await eventually(lambda: agent.received_bytes > 0)
    await agent.close(4440)
    await viewer.is_in("agent-gone")
    assert agent.received == []


async def test_view_only(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant(VIEW)
    await agent.show(scene())
    await expect(viewer.page.get_by_text("View only")).to_be_visible()
    await expect(viewer.page.get_by_role("button", name="Type text")).to_be_hidden()
    await viewer.page.locator("canvas.remote").click()
    await viewer.page.keyboard.press("a")
    await viewer.page.mouse.wheel(0, 100)
    await agent.show(scene(seed=2))
    assert agent.inputs == []


async def test_control_can_be_taken_back(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await agent.show(scene())
    await viewer.page.keyboard.press("a")
    await eventually(lambda: len(agent.keys) == 2)
    agent.connection.narrow(VIEW, time.monotonic())
    await agent.flush()
    await expect(viewer.page.get_by_text("View only")).to_be_visible()
    await viewer.page.keyboard.press("b")
    await agent.show(scene(seed=2))
    assert len(agent.keys) == 2


async def test_what_the_relay_says_can_only_narrow(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await viewer.is_in("live")
    await agent.say(RightsNarrowed(agent.session, ("view",)))
    await expect(viewer.page.get_by_text("View only")).to_be_visible()
    await agent.say(RightsNarrowed(agent.session, ("view", "control")))
    await agent.say(Asking())
    await agent.show(scene())
    await expect(viewer.page.get_by_text("View only")).to_be_visible()
    assert Right.CONTROL in agent.connection.rights


@pytest.mark.parametrize(
    ("status", "slug", "state"),
    [
        (401, "not-logged-in", "logged-out"),
        (403, "not-allowed", "not-yours"),
        (409, "ticket-closed", "not-open"),
        (404, "ticket-not-found", "not-found"),
        (500, "broken", "no-server"),
    ],
)
async def test_no_offer(viewer: ViewerPage, status: int, slug: str, state: str) -> None:
    viewer.expected_errors = (str(status),)
    viewer.stage.problem = (status, slug)
    await viewer.open()
    await viewer.is_in(state)
    await expect(viewer.page.locator("#notice-detail")).to_have_text(f"Because {slug}.")
    viewer.stage.problem = None
    await viewer.page.reload()
    await (await viewer.stage.viewer()).grant()
    await viewer.is_in("live")


async def test_the_tier_of_trust_is_said(viewer: ViewerPage) -> None:
    await viewer.connect()
    trust = viewer.page.locator("#trust")
    await expect(trust).to_have_text("Browser viewer: as honest as the site that serves it. Server-trusted key.")
    viewer.stage.mode = "offline-key"
    await viewer.connect()
    await expect(trust).to_contain_text("kept offline")


async def test_the_delay_is_measured(viewer: ViewerPage) -> None:
    agent = await viewer.connect()
    await agent.grant()
    await agent.show(scene())
    delay = viewer.page.locator("#delay")
    await expect(delay).to_be_hidden()
    await viewer.page.keyboard.press("a")
    await expect(delay).to_be_visible()
    text = await delay.text_content()
    assert text is not None
    assert text.endswith(" ms")
    assert 0 <= int(text.removesuffix(" ms")) < 5_000
