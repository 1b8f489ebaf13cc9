"""The pages in Chromium: what scripts add, and that nothing complains."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from tests.tickets.pages.served import CHROMIUM, Window, chromium, open_window, served_world
from tests.tickets.world import Caller, World

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is missing: tools/system-packages test installs it"),
]

# Everything a finger presses; links and boxes inside text lines are bigger than they look or need not be.
TOO_SMALL = """() => [...document.querySelectorAll("a, button, input, select, textarea, summary")]
  .filter((e) => e.offsetParent && e.type !== "hidden"
    && !e.closest(".prose, p:not(.row, .wide-on-phone), dd, .choice, .tick, .pick, .title, .skip, .queue .what"))
  .filter((e) => e.getBoundingClientRect().height < 43.5)
  .map((e) => e.outerHTML.slice(0, 100))"""


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A help desk that listens."""
    async with served_world(tmp_path / "data") as made:
        yield made


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """A browser."""
    async with chromium() as opened:
        yield opened


@pytest.fixture
async def window(world: World, browser: Browser) -> Window:
    """A window of a person who is allowed to use the clipboard."""
    permissions = ["clipboard-read", "clipboard-write"]
    return await open_window(browser, world.settings.public_url, permissions=permissions)


async def fill_request(window: Window, title: str = "It beeps") -> None:
    page = window.page
    await page.select_option("#category", "Computer")
    await page.fill("#title", title)
    await page.fill("#description", "Three times, then nothing.")
    await page.get_by_label("Urgent").check()
    await page.get_by_label("Device").check()
    await page.fill("#email", "maria@office.example")


async def test_no_page_complains_or_scrolls_sideways(world: World, browser: Browser) -> None:
    ada = await world.technician("Ada")
    filed = await world.claimed(ada)
    long = "Donaudampfschifffahrtsgesellschaftskapitänskajütentürschlüsselloch " * 2
    await world.ticket(title=long, name="n" * 100, email=f"{'m' * 60}@office.example")
    await ada.must(
        "/articles", {"title": long, "body": f"| a | b |\n|---|---|\n| {long * 9} | 2 |\n\n`{'x' * 300}`"}, 201
    )
    article = (await ada.get("/articles")).json()["items"][0]["id"]
    await ada.must(f"/articles/{article}", {"revision": 1, "body": long * 3})
    solved = await world.claimed(ada)
    await ada.must(
        f"/tickets/{solved.tracking}/resolve", {"solution": f"Password: {'x' * 90} for maria@office.example"}
    )
    draft = (await ada.must(f"/tickets/{solved.tracking}/article", None, 201))["id"]
    await world.stranger.get(f"/articles?q={'z' * 60}")
    public = (
        "/",
        "/lookup",
        "/articles",
        f"/articles/{article}",
        "/t/TL-0000-0000",
        f"/t/{filed.tracking}#{filed.requester.token}",
    )
    console = (
        "/console?view=all", "/console/new", f"/console/tickets/{filed.tracking}", "/console/articles",
        "/console/account", f"/console/articles/{article}", "/console/articles/new", "/console?view=mine&q=nothing",
        f"/console/articles/{article}/revisions", f"/console/articles/{article}/edit", f"/console/articles/{draft}",
        "/console/articles/report",
    )  # fmt: skip
    # 640 wide is a small laptop at 200 %.
    for width, scheme in ((360, "light"), (640, "light"), (1280, "dark")):
        size = {"width": width, "height": 800}
        window = await open_window(browser, world.settings.public_url, viewport=size, color_scheme=scheme)
        await window.log_in()
        for path in (*public, *console):
            page = await window.go(path)
            await expect(page.locator("h1:visible").first).to_be_visible()
            assert await page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            assert await page.evaluate(TOO_SMALL) == [], path
        assert window.complaints == []
        await window.context.close()


async def test_a_request_from_the_first_word_to_the_reply(world: World, window: Window) -> None:
    ada = await world.technician("Ada")
    await ada.must("/articles", {"title": "Why computers beep", "body": "They are lonely."}, 201)
    page = await window.go("/")
    await page.locator("#title").press_sequentially("My computer beeps", delay=5)
    await expect(page.get_by_role("link", name="Why computers beep")).to_have_attribute("target", "_blank")
    await fill_request(window)
    await page.fill("#email", "maria@office")
    await page.get_by_role("button", name="Send the request").click()
    await expect(page.locator("#faults")).to_be_focused()
    await expect(page.locator("#email-fault")).to_contain_text("not a whole e-mail address")
    await expect(page.locator("#description")).to_have_value("Three times, then nothing.")
    await page.fill("#email", "maria@office.example")
    await page.get_by_role("button", name="Send the request").click()
    await page.wait_for_url("**/sent")

    number = await page.locator("#number").inner_text()
    link = await page.locator("#link").inner_text()
    await page.get_by_role("button", name="Copy the number").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == number

    await page.get_by_role("link", name="Open my request").click()
    await expect(page.get_by_role("heading", name="It beeps")).to_be_visible()
    assert page.url == f"{window.url}/t/{number}"
    await page.get_by_label("Write to your technician").fill("<b>Also</b> it smokes")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".bubble")).to_have_text("<b>Also</b> it smokes")
    await expect(page.get_by_label("Write to your technician")).to_have_value("")
    await expect(page.locator("#join")).to_have_text(f"towline-agent join {link}")

    # What was sent is not offered again, and the number alone opens the request in this browser.
    await window.go("/")
    await expect(page.locator("#description")).to_have_value("")
    lookup = await window.go("/lookup")
    await lookup.fill("#tracking", number.lower().replace("-", " "))
    await expect(lookup.locator("#tracking-verdict")).to_contain_text(number)
    await expect(lookup.locator("#key")).to_be_hidden()
    await lookup.get_by_role("button", name="Show my request").click()
    await expect(page.get_by_role("heading", name="It beeps")).to_be_visible()

    await page.get_by_role("button", name="Forget on this computer").click()
    await expect(page.get_by_role("heading", name="Open your request")).to_be_visible()
    assert number not in str(await page.evaluate("Object.keys(localStorage).concat(Object.keys(sessionStorage))"))
    await page.get_by_label("Access key or whole link").fill(link)
    await page.get_by_role("button", name="Open").click()
    await expect(page.get_by_role("heading", name="It beeps")).to_be_visible()
    assert window.complaints == []


async def test_a_wrong_key_opens_nothing_and_is_not_kept(world: World, window: Window) -> None:
    filed, other = await world.ticket(), await world.ticket()
    page = await window.go(f"/t/{filed.tracking}#{other.requester.token}")
    await expect(page.locator("#locked-why")).to_contain_text("does not open this request")
    assert page.url == f"{window.url}/t/{filed.tracking}"
    assert await page.evaluate("localStorage.length + sessionStorage.length") == 0
    await window.go("/")
    page = await window.go(f"/t/{filed.tracking}#{filed.requester.token}")
    await expect(page.get_by_role("heading", name="The printer says no")).to_be_visible()
    assert await page.evaluate("localStorage.length") == 1


async def test_the_requester_reads_what_was_decided(world: World, window: Window) -> None:
    ada = await world.technician("Ada")
    filed = await world.claimed(ada)
    _, token = await world.joined(filed)
    session = (await world.session(ada, filed))["session"]
    told = {"session": session, "answer": "allowed", "rights": ["view"]}
    await Caller(world.client, token).must(f"/tickets/{filed.tracking}/consent", told, 204)
    page = await window.go(f"/t/{filed.tracking}#{filed.requester.token}")
    line = page.locator("li.event", has_text="Maria Weber’s computer: Ada may look.")
    await expect(line).to_have_count(1)
    assert window.complaints == []


async def test_the_lookup_says_while_typing_that_a_number_is_wrong(window: Window) -> None:
    page = await window.go("/lookup")
    await page.locator("#tracking").press_sequentially("TL-0000-000")
    await expect(page.locator("#tracking-verdict")).to_have_text("")
    await page.locator("#tracking").press_sequentially("1")
    await expect(page.locator("#tracking-verdict")).to_contain_text("Please look again")
    await expect(page.locator("#tracking")).to_have_attribute("aria-invalid", "true")
    await page.fill("#tracking", "TL-0000-0000")
    await expect(page.locator("#tracking-verdict")).to_contain_text("TL-0000-0000")
    await expect(page.locator("#tracking")).not_to_have_attribute("aria-invalid", "true")
    assert window.complaints == []


async def test_without_scripts_forms_do_the_work(world: World, browser: Browser) -> None:
    window = await open_window(browser, world.settings.public_url, java_script_enabled=False)
    await world.technician("Ada")
    await window.go("/")
    await fill_request(window)
    await window.page.get_by_role("button", name="Send the request").click()
    number = await window.page.locator("#number").inner_text()
    await expect(window.page.get_by_role("button", name="Copy the number")).to_be_hidden()
    page = await window.go(f"/t/{number}")
    await expect(page.get_by_text("needs JavaScript")).to_be_visible()
    await window.log_in()
    page = await window.go("/console?view=unassigned")
    await page.get_by_role("button", name=f"Take {number}").click()
    await expect(page.get_by_text("You have it now.")).to_be_visible()
    await page.get_by_role("button", name="Make a join code").click()
    await expect(page.locator("#code")).to_be_visible()


async def test_open_pages_follow_what_happens(world: World, window: Window) -> None:
    bob = await world.technician("Bob")
    await world.technician("Ada")
    await window.log_in()
    page = await window.go("/console?view=unassigned")
    filed = await world.ticket(title="Came by itself")
    await expect(page.get_by_role("link", name="Came by itself")).to_be_visible()
    await bob.must(f"/tickets/{filed.tracking}/claim")
    await expect(page.get_by_role("link", name="Came by itself")).to_have_count(0)
    await bob.must(f"/tickets/{filed.tracking}/assign", {"technician": None})

    await page.get_by_role("button", name="Take").click()
    await page.get_by_label("Write", exact=True).fill("Half a sentence")
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "Are you there?"}, 201)
    await expect(page.locator(".bubble")).to_have_text("Are you there?")
    await expect(page.get_by_label("Write", exact=True)).to_have_value("Half a sentence")
    await expect(page.get_by_role("link", name="Connect")).to_have_count(0)
    await page.get_by_role("button", name="Make a join code").click()
    code = await page.locator("#code").inner_text()
    await filed.requester.must(f"/tickets/{filed.tracking}/messages", {"text": "Yes?"}, 201)
    await expect(page.locator(".bubble")).to_have_count(2)
    await expect(page.locator("#code")).to_have_text(code)
    await expect(page.locator("[data-countdown]")).to_contain_text("more, for one computer")

    world.switchboard.online.add(filed.tracking)
    world.desk._context.hub.publish("presence", filed.tracking)
    connect = page.get_by_role("link", name="Connect")
    await expect(connect).to_have_attribute("href", f"/console/session/{filed.tracking}")
    await expect(page.locator("#code")).to_have_count(0)
    # The half sentence came along over the form that made the code.
    await expect(page.get_by_label("Write", exact=True)).to_have_value("Half a sentence")
    assert window.complaints == []


async def test_nothing_moves_under_a_finger(world: World, window: Window) -> None:
    await world.technician("Ada")
    await window.log_in()
    filed = await world.ticket(title="First", urgency="low")
    page = await window.go("/console?view=unassigned")
    await page.get_by_role("button", name="Take").hover()
    await page.mouse.down()
    async with page.expect_response("**/console?view=unassigned"):
        await world.ticket(title="Second", urgency="critical")
    await expect(page.get_by_role("link", name="Second")).to_have_count(0)
    await page.mouse.up()
    await page.wait_for_url(f"**/console/tickets/{filed.tracking}?done=claimed")


async def test_what_was_held_back_comes_when_the_finger_is_gone(world: World, window: Window) -> None:
    await world.technician("Ada")
    await window.log_in()
    page = await window.go("/console?view=unassigned")
    await page.mouse.move(5, 300)
    await page.mouse.down()
    async with page.expect_response("**/console?view=unassigned"):
        await world.ticket(title="Held back")
    await expect(page.get_by_role("link", name="Held back")).to_have_count(0)
    await page.mouse.up()
    await expect(page.get_by_role("link", name="Held back")).to_be_visible()


async def test_a_lost_socket_is_told_and_comes_back(world: World, window: Window) -> None:
    await world.technician("Ada")
    await window.log_in()
    page = await window.go("/console?view=all")
    await world.ticket(title="First")
    await expect(page.get_by_role("link", name="First")).to_be_visible()
    await window.context.set_offline(True)
    world.desk._context.hub.close()
    await expect(page.locator("[data-live-state]")).to_contain_text("trying again")
    await world.ticket(title="Second")
    await window.context.set_offline(False)
    await expect(page.get_by_role("link", name="Second")).to_be_visible()
    await expect(page.locator("[data-live-state]")).to_be_hidden()


async def test_what_was_typed_survives_a_login_that_ended(world: World, window: Window) -> None:
    await world.technician("Ada")
    filed = await world.ticket()
    await window.log_in()
    page = await window.go(f"/console/tickets/{filed.tracking}")
    await page.get_by_label("Write", exact=True).fill("A long and careful answer")
    world.clock.forward(13 * 3_600)
    await page.get_by_role("button", name="Send").click()
    await page.wait_for_url("**/console/login**")
    await page.fill("#email", "ada@help.example")
    await page.fill("#password", "correct horse")
    await page.get_by_role("button", name="Log in").click()
    await expect(page.get_by_label("Write", exact=True)).to_have_value("A long and careful answer")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".bubble")).to_have_text("A long and careful answer")
    await expect(page.get_by_label("Write", exact=True)).to_have_value("")
    await page.reload()
    await expect(page.get_by_label("Write", exact=True)).to_have_value("")


async def test_a_page_says_when_it_is_no_longer_up_to_date(world: World, window: Window) -> None:
    await world.technician("Ada")
    await window.log_in()
    page = await window.go("/console?view=all")
    state = page.locator("[data-live-state]")
    await world.ticket(title="First")
    await expect(page.get_by_role("link", name="First")).to_be_visible()
    await expect(state).to_be_hidden()
    await window.context.clear_cookies()
    world.desk._context.hub.close()
    await expect(state).to_contain_text("logged out")


async def test_the_keyboard_is_enough(world: World, window: Window) -> None:
    page = await window.go("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.locator("#category")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Tab")
    await page.keyboard.type("It beeps")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Three times")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_label("Normal")).to_be_checked()
    outline = "getComputedStyle(document.activeElement.nextElementSibling).outlineStyle"
    assert await page.evaluate(outline) == "solid"
    await page.keyboard.press("Tab")
    await page.keyboard.press("Space")
    await page.keyboard.press("Tab")
    await expect(page.locator("#attachments")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.type("maria@office.example")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/sent")
    assert window.complaints == []


async def test_hostile_words_run_nowhere(world: World, window: Window) -> None:
    hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>"
    ada = await world.technician("Ada")
    filed = await world.ticket(title=hostile, description=hostile, name=hostile[:100])
    await ada.must("/articles", {"title": f"{hostile} known", "body": hostile}, 201)
    await window.log_in()
    for path in (
        "/console?view=all",
        f"/console/tickets/{filed.tracking}",
        f"/t/{filed.tracking}#{filed.requester.token}",
        "/t/%3Cimg%20src=x%20onerror=alert(1)%3E#<img src=x onerror=alert(1)>",
    ):
        page = await window.go(path)
        await expect(page.locator("h1:visible").first).to_be_visible()
        assert await page.locator("img[src=x], script:not([src])").count() == 0
    page = await window.go("/")
    await page.locator("#title").press_sequentially("known alert")
    await expect(page.locator("#title-suggestions a")).to_contain_text("<img src=x")
    assert await page.locator("img[src=x], script:not([src])").count() == 0
    assert window.complaints == []
