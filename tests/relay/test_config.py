"""Settings: what is right is read, what is wrong is named."""

from pathlib import Path
from typing import Any

import pytest

from relay.config import CertificateFiles, Settings, SettingsError, load_settings, make_settings, origin_of
from relay.initial import initial_file

URL = "https://desk.example"
HERE = Path("/srv/desk")
EVERYWHERE = "0.0.0.0"  # noqa: S104 - nothing is bound here


def read(server: dict[str, Any] | None = None, environment: dict[str, str] | None = None, **rest: Any) -> Settings:
    return make_settings({"server": {"public_url": URL, **(server or {})}, **rest}, environment or {}, HERE)


def test_little_is_needed() -> None:
    settings = read()
    assert settings.origins == {URL}
    assert settings.data_dir == HERE / "data"
    assert settings.host == "desk.example"


@pytest.mark.parametrize(
    ("server", "rest", "says"),
    [
        ({"prot": 1}, {}, "[server] prot: there is no such setting"),
        ({}, {"sever": {}}, "[sever]: there is no such section"),
        ({"port": "443"}, {}, "[server] port: Expected `int`, got `str`"),
        ({"port": 0}, {}, "[server] port: Expected `int` >= 1"),
        ({"public_url": "desk.example"}, {}, "public_url: 'desk.example' is not usable"),
        ({"public_url": "https://desk.example/help"}, {}, "it has to end after the host name"),
        ({"public_url": "http://desk.example"}, {}, "has to begin with https://"),
        ({"tls": "off", "bind": EVERYWHERE}, {}, 'tls = "off" is for bind = "127.0.0.1" only'),
        ({"tls": "none"}, {}, "[server] tls"),
        ({"trusted_proxies": ["proxy"]}, {}, "trusted_proxies"),
        ({}, {"session": {"rights": ["view", "admin"]}}, "[session] rights"),
        ({}, {"session": {"rights": []}}, "[session] rights"),
        ({}, {"organisation": {"tracking_prefix": "tl"}}, "[organisation] tracking_prefix"),
        ({}, {"limits": {"agent_offline_s": 0}}, "[limits] agent_offline_s"),
    ],
)
def test_wrong_settings_are_named(server: dict[str, Any], rest: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        read(server, **rest)
    assert says in str(wrong.value)
    assert "\n" not in str(wrong.value)


def test_missing_address_is_named() -> None:
    with pytest.raises(SettingsError, match=r"\[server\] public_url: this setting is missing"):
        make_settings({"server": {}}, {}, HERE)
    with pytest.raises(SettingsError, match=r"\[server\]: this section is missing"):
        make_settings({}, {}, HERE)


def test_variables_come_last() -> None:
    settings = read(
        {"port": 1},
        {
            "TOWLINE_SERVER__PORT": "8444",
            "TOWLINE_SERVER__ALLOWED_ORIGINS": "https://a.example, https://b.example:443",
            "TOWLINE_SERVER__TLS": '{certificate = "c.pem", key = "/etc/k.pem"}',
            "TOWLINE_ORGANISATION__NAME": "12 & Söhne",
            "TOWLINE_LIMITS__AGENT_OFFLINE_S": "2.5",
            "TOWLINE_CONFIG": "not a setting, no section",
            "PATH": "/bin",
        },
    )
    assert settings.server.port == 8444
    assert settings.origins == {"https://a.example", "https://b.example"}
    assert settings.server.tls == CertificateFiles(HERE / "c.pem", Path("/etc/k.pem"))
    assert settings.organisation.name == "12 & Söhne"
    assert settings.limits.agent_offline_s == 2.5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOWLINE_SERVER__PROT", "1"),
        ("TOWLINE_SEVER__PORT", "1"),
        ("TOWLINE_SERVER__PORT", "x"),
        ("TOWLINE_SERVER__TLS", "{"),
    ],
)
def test_wrong_variables_are_named(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name):
        read({}, {name: value})


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    file = tmp_path / "towline.toml"
    with pytest.raises(SettingsError, match="towline-relay init"):
        load_settings(file, {})
    file.write_text("[server\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="not valid TOML"):
        load_settings(file, {})
    file.write_bytes(b"\xff")
    with pytest.raises(SettingsError, match="can't be read"):
        load_settings(file, {})


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Desk.Example/", "https://desk.example"),
        ("https://desk.example:443", "https://desk.example"),
        ("https://[::1]:8443", "https://[::1]:8443"),
        ("http://127.0.0.1:80", "http://127.0.0.1"),
    ],
)
def test_origins_are_spelled_as_browsers_do(url: str, origin: str) -> None:
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    "url", ["", "desk", "ftp://desk", "https://", "https://a/b", "https://a?b", "https://u@a", "https://a:x"]
)
def test_other_urls_are_no_origins(url: str) -> None:
    with pytest.raises(ValueError, match=r"it has to|Port"):
        origin_of(url)


@pytest.mark.parametrize(
    ("url", "bind", "port"),
    [
        ("https://desk.example", EVERYWHERE, 443),
        ("https://localhost:8443", "127.0.0.1", 8443),
        ("http://127.0.0.1:8080", "127.0.0.1", 8080),
    ],
)
def test_a_new_file_can_be_read(tmp_path: Path, url: str, bind: str, port: int) -> None:
    name = 'The "A\\B" desk\n'
    file = tmp_path / "towline.toml"
    file.write_text(initial_file(url, name), encoding="utf-8")
    settings = load_settings(file, {})
    assert (settings.server.public_url, settings.server.bind, settings.server.port) == (url, bind, port)
    assert settings.organisation.name == name
    assert settings.folder == tmp_path
