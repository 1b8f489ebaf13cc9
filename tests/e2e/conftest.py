"""What end-to-end tests share: one running server, a display, a browser."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.browser import CHROMIUM_ARGUMENTS, chromium
from tests.support.display import VirtualDisplay
from tests.support.stack import Stack


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The whole product, running; each test files tickets of its own."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        yield running


@pytest.fixture
def display() -> Iterator[VirtualDisplay]:
    """An X server with a window manager."""
    display = VirtualDisplay.start(1024, 768)
    try:
        display.window_manager()
        yield display
    finally:
        display.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page; an error on it or in its console fails the test."""
    context = browser.new_context(
        viewport={"width": 1_280, "height": 960},
        # Agent and headless client verify the private CA; this browser has no certificate store to put it in.
        ignore_https_errors=True,
    )
    page = context.new_page()
    page.set_default_timeout(20_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    try:
        yield page
    finally:
        context.close()
    assert errors == []
