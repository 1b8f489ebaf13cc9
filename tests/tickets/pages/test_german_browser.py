"""German in Chromium: what the server writes, what scripts write, and what the API said in English."""

from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.tickets.pages.served import CHROMIUM, chromium, open_window, served_world

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is missing: tools/system-packages test installs it"),
]


async def test_a_requester_reads_german(tmp_path: Path) -> None:
    async with served_world(tmp_path) as world, chromium() as browser:
        ada = await world.technician("Ada")
        filed = await world.claimed(ada)
        window = await open_window(browser, world.settings.public_url, locale="de-DE")
        page = await window.go(f"/t/{filed.tracking}#{filed.requester.token}")
        await expect(page.get_by_text("Ada arbeitet daran.")).to_be_visible()
        await expect(page.get_by_text("Ada hat diese Anfrage übernommen.")).to_be_visible()
        await expect(page.locator("[data-since]")).to_contain_text("Gesendet")
        await page.get_by_role("button", name="English").click()
        # The key stayed in this browser.
        await expect(page.get_by_text("Ada is working on it.")).to_be_visible()
        await expect(page.get_by_text("Ada took this request.")).to_be_visible()
        page = await window.go("/")
        await page.fill("[data-lookup] [name=tracking]", "TL-UUUU-UUUU")
        await expect(page.get_by_text("has no “U” in it.")).to_be_visible()
        await page.get_by_role("button", name="Deutsch").click()
        await page.fill("[data-lookup] [name=tracking]", "TL-UUUU-UUUU")
        await expect(page.get_by_text("kommt „U“ nicht vor.")).to_be_visible()
        assert window.complaints == []
