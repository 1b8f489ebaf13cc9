"""Every page, with a living desk behind it: usable by screen reader and keyboard, in both colours, on a phone."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Page, ViewportSize
from starlette.routing import Route

from tests.gallery.living import Places, live
from tests.gallery.pages import PAGES, Shot, Who
from tests.gallery.shots import settled, windows
from tests.tickets.mail.intake.inbox import INTAKE, NOWHERE
from tests.tickets.pages.served import Window, chromium, served_world
from tickets.pages.app import page_routes
from tickets.pages.site import Site

PHONE: Final = ViewportSize(width=390, height=844)
DESKTOP: Final = ViewportSize(width=1280, height=800)
# WCAG 2.2 A and AA; what axe only asks people to judge is not among its violations.
TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SERIOUS: Final = {"serious", "critical"}
NO_PAGES: Final = {
    "/console/push-worker.js": "a service worker",
    "/language/{code}.json": "the words of scripts",
    # The viewer of technician_viewer/web, which has tests of its own.
    "/console/session/{tracking}": "a viewer",
    "/console/reports/{name}.csv": "a file",
    "/admin/people/{person}/export": "a file",
    "/console/mail/{mail}/raw": "a file",
    "/console/mail/{mail}/html": "the inside of a frame",
    "/admin/mail/templates/{kind}/{language}/shown": "the inside of a frame",
    "/static/pages/{path:path}": "files",
}
"""Addresses that show no page of their own, and why."""


async def _violations(page: Page, axe: str) -> list[str]:
    await page.evaluate(axe)
    # No script of anybody's runs in the sandboxed frames of mails, so none could answer there.
    found: dict[str, Any] = await page.evaluate("tags => axe.run({runOnly: tags, iframes: false})", TAGS)
    return [
        f"{each['id']} ({each['impact']}): {node['html'][:160]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
        for node in each["nodes"][:3]
    ]


async def _looked_at(window: Window, shot: Shot, places: Places, axe: str) -> list[str]:
    """Return what is wrong with a page."""
    page = await window.go(places.path(shot))
    if shot.who is Who.NOBODY:
        # These fetch what they show; pages for staff come whole.
        await settled(page)
    wrong = []
    for theme in ("light", "dark"):
        await page.emulate_media(color_scheme=theme)
        wrong += [f"{shot.name}, {theme}: {each}" for each in await _violations(page, axe)]
    await page.set_viewport_size(PHONE)
    if await page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        wrong.append(f"{shot.name}: wider than a phone")
    await page.set_viewport_size(DESKTOP)
    if not await page.evaluate("document.querySelector('h1') !== null && document.title !== ''"):
        wrong.append(f"{shot.name}: no heading or no title")
    return wrong


@pytest.fixture
def axe(repository: Path) -> str:
    """The script of axe-core, a tool of development from npm."""
    return (repository / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


@pytest.fixture
async def living(tmp_path: Path) -> AsyncIterator[tuple[str, Places]]:
    """A desk that a browser can reach, and where to find what."""
    async with served_world(tmp_path / "data", mail=NOWHERE, intake=INTAKE) as world:
        yield world.settings.public_url, await live(world)


@pytest.mark.timeout(300)
async def test_nothing_serious_is_found_on_any_page(living: tuple[str, Places], axe: str) -> None:
    url, places = living
    wrong: list[str] = []
    async with chromium() as browser:
        opened = await windows(browser, url, places, viewport=DESKTOP, bypass_csp=True)
        for shot in PAGES:
            wrong += await _looked_at(opened[shot.who], shot, places, axe)
        for who in Who:
            wrong += [f"{who}: {each}" for each in opened[who].complaints if "404" not in each]
    assert wrong == []


async def test_something_serious_would_be_found(living: tuple[str, Places], axe: str) -> None:
    url, places = living
    async with chromium() as browser:
        opened = await windows(browser, url, places, viewport=DESKTOP, bypass_csp=True)
        page = await opened[Who.NOBODY].go("/")
        await page.evaluate("document.querySelectorAll('label').forEach(label => label.remove())")
        assert await _violations(page, axe)


def test_every_page_is_in_the_list() -> None:
    routes = _routes()
    listed = {shot.pattern for shot in PAGES}
    answered = {path for path, methods in routes if "POST" in methods}
    missing = {
        path
        for path, methods in routes
        if "GET" in methods
        and path not in listed
        and path not in NO_PAGES
        # A form's address leads back to its page when somebody reloads it.
        and path not in answered
    }
    assert missing == set()


def test_the_list_names_pages_that_are_there() -> None:
    paths = {path for path, methods in _routes() if "GET" in methods}
    assert {shot.pattern for shot in PAGES} - paths == {"/nowhere"}
    assert set(NO_PAGES) <= paths


def _routes() -> list[tuple[str, set[str]]]:
    # Routes are made without asking the site anything.
    site: Any = object.__new__(Site)
    routes: list[Route] = page_routes(site)
    return [(route.path, set(route.methods or ())) for route in routes]
