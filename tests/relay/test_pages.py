"""What the server answers itself, without a port."""

from pathlib import Path

import httpx
import pytest

from relay.pages import HSTS, Health, ViewerFiles, asks_from_this_machine, common_headers
from relay.switch.socket import Scope

PUBLIC_URL = "https://desk.example"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A viewer's folder with files that do not belong into it."""
    inside = tmp_path / "web"
    inside.mkdir()
    (inside / "page.js").write_text("export {};", encoding="utf-8")
    (inside / "script.py").write_text("secret", encoding="utf-8")
    (tmp_path / "outside.js").write_text("secret", encoding="utf-8")
    (inside / "link.js").symlink_to(tmp_path / "outside.js")
    return inside


def client_of(files: ViewerFiles | Health, address: str = "127.0.0.1") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(files, client=(address, 1)), base_url="http://localhost")


@pytest.mark.parametrize(("name", "status"), [("page.js", 200), ("script.py", 404), ("link.js", 404), ("none.js", 404)])
async def test_only_files_of_the_viewer_are_served(folder: Path, name: str, status: int) -> None:
    async with client_of(ViewerFiles(folder, {})) as client:
        answer = await client.get(f"/{name}")
    assert answer.status_code == status
    assert "secret" not in answer.text


async def test_the_viewers_worker_talks_to_this_server_only(folder: Path) -> None:
    async with client_of(ViewerFiles(folder, common_headers(PUBLIC_URL, host_is_loopback=False))) as client:
        headers = (await client.get("/page.js")).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "connect-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["strict-transport-security"] == HSTS


def test_https_is_promised_for_names_of_ones_own_only() -> None:
    assert "strict-transport-security" in common_headers(PUBLIC_URL, host_is_loopback=False)
    assert "strict-transport-security" not in common_headers("https://localhost:8443", host_is_loopback=True)
    assert "strict-transport-security" not in common_headers("http://127.0.0.1", host_is_loopback=True)


@pytest.mark.parametrize(
    ("client", "headers", "good"),
    [
        (("127.0.0.1", 1), {"host": "127.0.0.1:8443"}, True),
        (("127.0.0.1", 1), {"host": "127.0.0.1:8443", "x-forwarded-for": "192.0.2.1"}, False),
        (("127.0.0.1", 1), {"host": "desk.example"}, False),
        (("192.0.2.1", 1), {"host": "127.0.0.1:8443"}, False),
        (("::1", 1), {"host": "[::1]:8443"}, True),
        (("127.0.0.1", 1), {"host": "localhost"}, True),
        (("127.0.0.1", 1), {}, False),
        (None, {"host": "localhost"}, False),
    ],
)
def test_who_asks_from_this_machine(client: tuple[str, int] | None, headers: dict[str, str], good: bool) -> None:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope: Scope = {"type": "http", "client": client, "headers": raw}
    assert asks_from_this_machine(scope) is good


async def test_counters_are_for_this_machine_only() -> None:
    async def ready() -> bool:
        return True

    health = Health(lambda: {"agents": 7}, ready, {})
    async with client_of(health) as here, client_of(health, "192.0.2.1") as elsewhere:
        assert "towline_relay_agents 7.0" in (await here.get("/metrics")).text
        assert (await elsewhere.get("/metrics")).status_code == 404
        assert (await elsewhere.get("/healthz")).status_code == 200
