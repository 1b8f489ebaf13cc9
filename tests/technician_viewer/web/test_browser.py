"""Runs the protocol's vectors in Chromium, whose WebCrypto and streams are what technicians use."""

import functools
import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import async_playwright

from tests.support.browser import CHROMIUM_ARGUMENTS, chromium

NOISE = "noise_25519_aesgcm_sha256.json"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    extensions_map = http.server.SimpleHTTPRequestHandler.extensions_map | {
        ".mjs": "text/javascript",
        ".js": "text/javascript",
    }

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 the base class named it
        """Say nothing."""


@pytest.fixture
def site(repository: Path) -> Iterator[str]:
    """The repository's files on a free port of this machine."""
    handler = functools.partial(_Quiet, directory=str(repository))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def load(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def load_all(folder: Path) -> dict[str, Any]:
    return {path.name: load(path) for path in sorted(folder.glob("*.json"))}


async def run_in_chromium(site: str, files: dict[str, Any]) -> dict[str, list[str]]:
    """Return the names of the checks that ran and what failed."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=list(CHROMIUM_ARGUMENTS))
        page = await browser.new_page()
        await page.goto(f"{site}/tests/technician_viewer/web/page.html")
        result: dict[str, list[str]] = await page.evaluate(
            "async (files) => (await import('./run.mjs')).run(files)", files
        )
        await browser.close()
    return result


@pytest.mark.browser
async def test_our_vectors(site: str, vectors: Path) -> None:
    result = await run_in_chromium(site, load_all(vectors))
    assert result["failed"] == []
    assert {what.partition(":")[0] for what in result["ran"]} >= {"messages.json", "handshake.json", "picture.json"}
    assert len(result["ran"]) > 200


@pytest.mark.browser
async def test_published_noise_vectors(site: str, shared_dir: Path) -> None:
    result = await run_in_chromium(site, {"noise": load(shared_dir / "vectors" / NOISE)})
    assert result["failed"] == []
    assert any("Noise_XX_25519" in what for what in result["ran"])
    assert any("Noise_XXpsk3_25519" in what for what in result["ran"])


@pytest.mark.browser
async def test_a_wrong_vector_is_seen(site: str, vectors: Path) -> None:
    file = load(vectors / "tracking.json")
    file["read"][0]["canonical"] = "TL-0000-0000"
    result = await run_in_chromium(site, {"tracking.json": file})
    assert len(result["failed"]) == 1
