"""A folder of static files, read once, served with an ETag made of each file's content."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from tickets.domain.access import Action, Actor, Thing, requires

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wasm": "application/wasm",
}
_HEADERS: Final = {
    # Asked about every time, answered with 304: a new version is never mixed with an old one.
    "cache-control": "no-cache",
}


@dataclass(frozen=True)
class StaticFile:
    """One file's bytes and the two headers that go with them."""

    body: bytes
    media_type: str
    etag: str


def read_folder(folder: Path) -> dict[str, StaticFile]:
    """Read every file with a known ending below `folder`, keyed by its path with forward slashes."""
    found: dict[str, StaticFile] = {}
    for path in sorted(folder.rglob("*")):
        media_type = _TYPES.get(path.suffix)
        if media_type is not None and path.is_file():
            body = path.read_bytes()
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            found[path.relative_to(folder).as_posix()] = StaticFile(body, media_type, etag)
    return found


@dataclass(frozen=True)
class StaticFolder:
    """Serves what `read_folder` found; the route's path parameter is `path`."""

    files: dict[str, StaticFile]

    @requires(Action.SEE, Thing.PORTAL)
    async def serve(self, request: Request, _actor: Actor) -> Response:
        """Return the file, 304 when the browser has it, or 404."""
        file = self.files.get(request.path_params["path"])
        if file is None:
            return Response("There is no such file.\n", status_code=404, media_type="text/plain")
        headers = {**_HEADERS, "etag": file.etag}
        known = {tag.strip().removeprefix("W/") for tag in request.headers.get("if-none-match", "").split(",")}
        if file.etag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        return Response(file.body, headers=headers, media_type=file.media_type)
