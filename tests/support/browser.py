"""Where Chromium is and how tests start it."""

import shutil
from typing import Final

CHROMIUM_ARGUMENTS: Final = (
    # Chromium refuses its sandbox to root; tests load pages of their own only.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    # Whatever would call outside.
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


def chromium() -> str:
    """Return the path of the browser. Raises RuntimeError with what to do."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        path = shutil.which(name)
        if path is not None:
            return path
    raise RuntimeError("Chromium is not installed: run tools/system-packages test.")
