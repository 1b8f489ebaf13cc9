"""What mailed links open, in Chromium: keys stay out of addresses, and one click records."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.mail_peer import mail_peer, part
from tests.tickets.mail.desk import mail_settings
from tests.tickets.pages.served import CHROMIUM, chromium, open_window, served_world

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is missing: tools/system-packages test installs it"),
]


async def test_what_mailed_links_open(tmp_path: Path) -> None:
    async with mail_peer() as peer, served_world(tmp_path, mail=mail_settings(peer)) as world, chromium() as browser:
        ada = await world.technician("Ada")
        filed = await world.claimed(ada)
        await ada.must(f"/tickets/{filed.tracking}/resolve", {"solution": "New toner."})
        await world.stranger.must("/my/link", {"email": "maria@office.example"}, 202)
        await world.desk.send_mail()
        text = "\n".join(part(mail, "plain") for mail in peer.to("maria@office.example"))
        rate, mine = (re.findall(pattern, text)[0] for pattern in (r"/t/\S+/rate#\S+\.bad", r"/my#\S+"))
        window = await open_window(browser, world.settings.public_url)
        # How was it? Opening the page records nothing; the key leaves the address; one click does it.
        page = await window.go(rate)
        await expect(page.get_by_role("button", name="Bad")).to_be_focused()
        assert page.url.endswith(f"/t/{filed.tracking}/rate")
        assert "rated" not in await world.timeline(ada, filed)
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("“Bad” is written down")).to_be_visible()
        await page.fill("#comment", "It is fine after all.")
        await page.get_by_role("button", name="Good").click()
        await expect(page.get_by_text("“Good” is written down")).to_be_visible()
        assert (await world.timeline(ada, filed)).count("rated") == 2
        # A link that lost its end says so.
        page = await window.go(f"/t/{filed.tracking}/rate#abc")
        await expect(page.get_by_text("This link is not whole.")).to_be_visible()
        # All requests of one person.
        page = await window.go(mine)
        await page.get_by_role("link", name="The printer says no").click()
        await expect(page.get_by_role("heading", name="The printer says no")).to_be_visible()
        world.clock.forward(3_700)
        # The server's answer to it is a 410, which Chromium counts as a failed resource.
        assert window.complaints == []
        page = await window.go("/my")
        await page.goto(window.url + mine)
        await expect(page.get_by_text("This link is over")).to_be_visible()
