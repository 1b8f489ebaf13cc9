"""Chromium, a server for it, and the session page in it."""

import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright

from tests.technician_viewer.viewer.stage import Stage, running_stage
from tests.technician_viewer.viewer.viewer_page import ViewerPage, opened_page

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium without a window."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.fail("Chromium is missing: tools/system-packages test installs it")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield started
        await started.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage() -> AsyncIterator[Stage]:
    """A fresh server."""
    async with running_stage() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def viewer(browser: Browser, stage: Stage) -> AsyncIterator[ViewerPage]:
    """The session page, not yet opened; nothing may go wrong in it."""
    async with opened_page(browser, stage) as page:
        yield page
