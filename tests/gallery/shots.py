"""Screenshots of every page at desktop and phone width, and the page of the docs that shows them.

`python -m tests.gallery.shots` writes docs/pages.md and docs/images/pages/*.png.
"""

import asyncio
import io
import sys
import tempfile
from pathlib import Path
from typing import Final

from PIL import Image
from playwright.async_api import Browser, Page

from tests.gallery.living import Places, live
from tests.gallery.pages import PAGES, Shot, Who
from tests.tickets.mail.intake.inbox import INTAKE, NOWHERE
from tests.tickets.pages.served import Window, chromium, open_window, served_world
from tickets.pages.routes.portal import SENT_COOKIE

ROOT: Final = Path(__file__).resolve().parents[2]
WIDTHS: Final = {"desktop": (1280, 800), "phone": (390, 844)}
TALLEST_PX: Final = 2_400
# Pages have few colours; a palette of 128 keeps the pictures small, and text stays sharp.
COLOURS: Final = 128


async def windows(browser: Browser, url: str, places: Places, **options: object) -> dict[Who, Window]:
    """Open a window for everybody, logged in where they have to be."""
    made = {}
    for who in Who:
        made[who] = await open_window(browser, url, **options)
        if who in places.people:
            await made[who].log_in(places.people[who])
    # As after sending a request: what is on the page that says so comes with a cookie.
    address = url.replace("http:", "https:")
    await made[Who.NOBODY].context.add_cookies(
        [{"name": SENT_COOKIE, "value": places.names["sent"], "url": address, "secure": True}]
    )
    return made


async def settled(page: Page) -> None:
    """Wait until a page has fetched what it fetches by itself."""
    await page.wait_for_load_state("networkidle")


def small(picture: bytes) -> bytes:
    """Return a PNG with a palette, cut at `TALLEST_PX`."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image = image.crop((0, 0, image.width, min(image.height, TALLEST_PX)))
    out = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


async def take(folder: Path, theme: str = "light", only: frozenset[str] = frozenset()) -> list[Shot]:
    """Write a picture of every page, or of `only` those, into `folder`; returns the pages."""
    taken = [shot for shot in PAGES if not only or shot.name in only]
    with tempfile.TemporaryDirectory() as data:
        async with served_world(Path(data), mail=NOWHERE, intake=INTAKE) as world, chromium() as browser:
            places = await live(world)
            for name, (width, height) in WIDTHS.items():
                opened = await windows(
                    browser, world.settings.public_url, places,
                    viewport={"width": width, "height": height}, color_scheme=theme,
                )  # fmt: skip
                for shot in taken:
                    page = await opened[shot.who].go(places.path(shot))
                    await settled(page)
                    (folder / f"{shot.name}-{name}.png").write_bytes(small(await page.screenshot(full_page=True)))
                for window in opened.values():
                    await window.context.close()
    return taken


def run(folder: Path, theme: str = "light", only: frozenset[str] = frozenset()) -> list[Shot]:
    """Write the pictures into `folder`, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(take(folder, theme, only))


def page_of_docs(shots: list[Shot]) -> str:
    """Return the page that shows the pictures."""
    lines = [
        "# Every page",
        "",
        "Made by `python -m tests.gallery.shots`; the desk behind them is that of the tests.",
        "",
    ]
    for shot in shots:
        lines += [
            f"## {shot.name}",
            "",
            f"`{shot.pattern}`",
            "",
            f"![{shot.name} on a desktop](images/pages/{shot.name}-desktop.png)",
            f"![{shot.name} on a phone](images/pages/{shot.name}-phone.png)",
            "",
        ]
    return "\n".join(lines).rstrip() + "\n"


def main() -> None:
    """Write pictures and page; with arguments: FOLDER [light|dark] [names…], pictures only."""
    if len(sys.argv) > 1:
        theme = sys.argv[2] if len(sys.argv) > 2 else "light"
        run(Path(sys.argv[1]), theme, frozenset(sys.argv[3:]))
        return
    shots = run(ROOT / "docs" / "images" / "pages")
    (ROOT / "docs" / "pages.md").write_text(page_of_docs(shots), encoding="utf-8")


if __name__ == "__main__":
    main()
