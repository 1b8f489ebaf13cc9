"""The session page as a test sees it."""

import base64
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from playwright.async_api import Browser, CDPSession, FloatRect, Page, async_playwright, expect

from protocol.picture import Pixels
from tests.technician_viewer.viewer.stage import Agent, Stage

_SNAPSHOT = """async () => {
  const { width, height, data } = await window.towline.snapshot();
  return { width, height, data: new Uint8Array(data).toBase64() };
}"""
_WATCH_POLICY = """document.addEventListener("securitypolicyviolation", (event) => {
  console.error(`policy violated: ${event.violatedDirective} ${event.blockedURI}`);
});"""


_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    """Run a real Chromium without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.fail("Chromium is missing: tools/system-packages test installs it")
    async with async_playwright() as playwright:
        started = await playwright.chromium.launch(executable_path=path, args=[*_ARGUMENTS, *arguments])
        yield started
        await started.close()


@asynccontextmanager
async def chromium_of_ratio(ratio: float) -> AsyncIterator[Browser]:
    """Run a Chromium on a monitor with this many device pixels per CSS pixel.

    Playwright's own `device_scale_factor` is no help: it scales what was laid out for ratio 1.
    """
    async with chromium(f"--force-device-scale-factor={ratio}", "--window-size=1000,700") as browser:
        yield browser


@dataclass
class ViewerPage:
    """The page, and what went wrong in it."""

    page: Page
    stage: Stage
    errors: list[str] = field(default_factory=list)
    # What a test provokes on purpose; each entry is a part of one error's text.
    expected_errors: tuple[str, ...] = ()

    async def open(self) -> None:
        """Load the page."""
        await self.page.goto(self.stage.url)

    async def connect(self) -> Agent:
        """Load the page and return the relay's end of its socket."""
        await self.open()
        return await self.stage.viewer()

    async def is_in(self, state: str, timeout_s: float = 10.0) -> None:
        """Wait until the page says that it is in this state."""
        await expect(self.page.locator("body")).to_have_attribute("data-state", state, timeout=timeout_s * 1_000)

    async def snapshot(self) -> Pixels:
        """Return what the canvas holds, BGRX."""
        made: dict[str, Any] = await self.page.evaluate(_SNAPSHOT)
        rgba = np.frombuffer(base64.b64decode(made["data"]), np.uint8).reshape(made["height"], made["width"], 4)
        return rgba[..., [2, 1, 0, 3]]

    async def canvas_box(self) -> FloatRect:
        """Return where the canvas is in the window."""
        box = await self.page.locator("canvas.remote").bounding_box()
        assert box is not None
        return box

    async def cdp(self) -> CDPSession:
        """Return a line to the browser itself, for input that people can make and playwright can't."""
        return await self.page.context.new_cdp_session(self.page)

    def check(self) -> None:
        """Fail when the page had an error that was not provoked."""
        assert [e for e in self.errors if not any(part in e for part in self.expected_errors)] == []


@asynccontextmanager
async def opened_page(browser: Browser, stage: Stage, **options: Any) -> AsyncIterator[ViewerPage]:
    """Make a page with a profile of its own; `options` are those of a playwright context."""
    if "no_viewport" not in options:
        options.setdefault("viewport", {"width": 1000, "height": 700})
    context = await browser.new_context(**options)
    await context.add_init_script(_WATCH_POLICY)
    viewer = ViewerPage(await context.new_page(), stage)
    viewer.page.on("pageerror", lambda error: viewer.errors.append(f"page: {error}"))
    viewer.page.on(
        "console", lambda said: viewer.errors.append(f"console: {said.text}") if said.type == "error" else None
    )
    context.on("weberror", lambda error: viewer.errors.append(f"web: {error.error}"))
    try:
        yield viewer
        viewer.check()
    finally:
        await context.close()
