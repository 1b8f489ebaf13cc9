"""Addresses of servers and of requests, as people write them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.server import BadServer, parse_server, tls_context
from agent.target import BadTarget, parse_target
from protocol.tracking import TrackingNumber, make_tracking

GOOD = make_tracking(lambda n: bytes(range(n)))


@pytest.mark.parametrize(
    ("text", "origin", "socket"),
    [
        ("https://help.example.org", "https://help.example.org", "wss://help.example.org"),
        ("help.example.org", "https://help.example.org", "wss://help.example.org"),
        (" HTTPS://Help.Example.org:443/ ", "https://help.example.org", "wss://help.example.org"),
        ("https://help.example.org:8443", "https://help.example.org:8443", "wss://help.example.org:8443"),
        ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443", "wss://[2001:db8::1]:8443"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", "ws://127.0.0.1:8080"),
        ("http://localhost", "http://localhost", "ws://localhost"),
        ("http://[::1]:80", "http://[::1]", "ws://[::1]"),
    ],
)
def test_addresses(text: str, origin: str, socket: str) -> None:
    server = parse_server(text)
    assert server.origin == origin
    assert server.agent_socket(TrackingNumber("TL-0000-0000")) == f"{socket}/relay/TL-0000-0000/agent"
    assert server.api("/tickets") == f"{origin}/api/v1/tickets"


@pytest.mark.parametrize(
    "text",
    ["", "https://", "ftp://help.example.org", "https://me@help.example.org", "https://help.example.org/x", "https://a:b",
     "https://help.example.org/?q=1", "https://[::1"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(BadServer):
        parse_server(text)


def test_plain_http_is_for_this_computer_only() -> None:
    with pytest.raises(BadServer, match="https"):
        parse_server("http://help.example.org")
    with pytest.raises(BadServer, match="https"):
        parse_server("http://127.0.0.1.example.org")
    assert not parse_server("http://127.0.0.1").secure


def test_certificate_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(BadServer, match="root certificate"):
        tls_context(tmp_path / "missing.pem")
    (tmp_path / "rubbish.pem").write_text("rubbish")
    with pytest.raises(BadServer, match="root certificate"):
        tls_context(tmp_path / "rubbish.pem")
    assert tls_context(None).check_hostname


def test_targets() -> None:
    assert parse_target(GOOD).tracking == GOOD
    assert parse_target(f" {GOOD.lower().replace('-', ' ')} ").tracking == GOOD
    link = parse_target(f"https://help.example.org:8443/t/{GOOD}#a-token_1")
    assert (link.tracking, link.server, link.token) == (GOOD, "https://help.example.org:8443", "a-token_1")
    assert "a-token_1" not in repr(link)
    other_prefix = make_tracking(lambda n: bytes(range(n)), "ACME")
    assert parse_target(other_prefix).tracking == other_prefix


@pytest.mark.parametrize(
    "text",
    ["", "TL-1234", GOOD[:-1] + ("0" if GOOD[-1] != "0" else "1"), f"https://help.example.org/{GOOD}",
     f"https://help.example.org/x/{GOOD}", f"ftp://help.example.org/t/{GOOD}", f"https:///t/{GOOD}",
     "https://help.example.org/t/TL-1234#x"],
)  # fmt: skip
def test_what_is_no_target(text: str) -> None:
    with pytest.raises(BadTarget):
        parse_target(text)


@given(st.text(max_size=80))
def test_any_text_is_an_address_or_a_clear_error(text: str) -> None:
    for parse, error in ((parse_server, BadServer), (parse_target, BadTarget)):
        try:
            parse(text)
        except error as problem:
            assert str(problem)
