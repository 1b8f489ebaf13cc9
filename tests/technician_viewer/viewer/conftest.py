"""Chromium, a server for it, and the session page in it."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.technician_viewer.viewer.stage import Stage, running_stage
from tests.technician_viewer.viewer.viewer_page import ViewerPage, chromium, opened_page


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A real Chromium without a window."""
    async with chromium() as started:
        yield started


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
