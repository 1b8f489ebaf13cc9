"""The help desk on a free port with a real browser in front of it."""

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Error, Page, async_playwright

from tests.tickets.world import PASSWORD, QUICK, FakeClock, RecordingSwitchboard, World
from tickets import setup
from tickets.app import build_help_desk
from tickets.settings import HelpDeskSettings

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SOON_MS = 10_000


class _Server(uvicorn.Server):
    """A server that leaves the signals to pytest."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield


@asynccontextmanager
async def served_world(folder: Path, **more: Any) -> AsyncIterator[World]:
    """Open a help desk that a browser can reach; `settings.public_url` says where."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    settings = HelpDeskSettings(data_dir=folder, public_url=url, organisation_name="Office Help", **more)
    await setup.initialise(settings)
    clock, switchboard = FakeClock(time.time()), RecordingSwitchboard()
    desk = build_help_desk(settings, switchboard=switchboard, clock=clock, passwords=QUICK)
    await desk.open()
    server = _Server(uvicorn.Config(desk.asgi, log_level="error", ws="websockets-sansio", lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(desk.asgi), base_url=url) as client:
            yield World(settings, desk, clock, switchboard, client)
    finally:
        desk._context.hub.close()
        server.should_exit = server.force_exit = True
        await task
        listening.close()
        await desk.close()


@dataclass
class Window:
    """A browser window whose complaints are collected."""

    context: BrowserContext
    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    async def go(self, path: str) -> Page:
        """Open a page and wait until its scripts ran."""
        await self.page.goto(self.url + path, wait_until="load")
        return self.page

    async def log_in(self, name: str = "Ada") -> None:
        """Log a technician in by the login page."""
        await self.go("/console/login")
        await self.page.fill("#email", f"{name.lower()}@help.example")
        await self.page.fill("#password", PASSWORD)
        await self.page.get_by_role("button", name="Log in").click()
        await self.page.wait_for_url("**/console")

    def _hear(self, message: ConsoleMessage) -> None:
        # A form that came back with faults is a 422, which Chromium counts as a failed resource.
        if message.type in {"error", "warning"} and "status of 422" not in message.text:
            self.complaints.append(message.text)

    def _fail(self, error: Error) -> None:
        self.complaints.append(str(error))


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Give a browser."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


async def open_window(browser: Browser, url: str, **options: Any) -> Window:
    """Open a window with cookies and storage of its own."""
    context = await browser.new_context(**options)
    context.set_default_timeout(SOON_MS)
    page = await context.new_page()
    window = Window(context, page, url)
    page.on("console", window._hear)
    page.on("pageerror", window._fail)
    page.on("dialog", lambda dialog: window.complaints.append(f"dialog: {dialog.message}"))
    return window
