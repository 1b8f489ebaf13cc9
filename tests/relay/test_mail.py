"""Mail through the whole server, as an admin sets it up: front and worker as processes of their own."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.processes import command
from relay.config import SettingsError, make_settings
from relay.mail import SmtpUrl, parse_sender, parse_smtp_url
from tests.support.mail_peer import MailPeer, mail_peer, part
from tests.support.stack import Filed, Stack, free_port

SECRET = "s3cret/pass"


async def eventually(condition: Callable[[], bool], seconds: float = 20) -> float:
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, "it did not happen in time"
        await asyncio.sleep(0.02)
    return time.monotonic() - began


async def relay(*arguments: str) -> tuple[int, str]:
    """Run towline-relay without holding up this loop, in which the SMTP server runs."""
    process = await asyncio.create_subprocess_exec(
        command("towline-relay"), *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    return process.returncode or 0, output.decode()


async def test_the_confirmation_arrives_within_seconds(tmp_path: Path) -> None:
    async with mail_peer() as peer:
        with Stack(tmp_path, mail=peer.port) as stack:
            filed: Filed = await asyncio.to_thread(stack.file_ticket)
            took = await eventually(lambda: len(peer.to("uma@example.com")) == 1)
            assert took < 5
            [mail] = peer.to("uma@example.com")
            assert filed.tracking in mail["Subject"]
            assert filed.link in part(mail, "plain")
            assert filed.link in part(mail, "html")
            await eventually(lambda: len(peer.to("tess@example.org")) == 1)
            # No other mail, and none twice.
            await asyncio.to_thread(stack.file_ticket)
            await eventually(lambda: len(peer.mails) == 4)
            assert len({each["Message-ID"] for each in peer.mails}) == 4
        log = (tmp_path / "server.log").read_text(encoding="utf-8")
        assert "mail.sent" in log
        assert "uma@example.com" not in log
        assert filed.link.partition("#")[2] not in log


async def test_mail_survives_a_server_that_is_down_and_a_restart(tmp_path: Path) -> None:
    port = free_port()
    with Stack(tmp_path, mail=port) as stack:
        config = ("-c", str(stack.config))
        await asyncio.to_thread(stack.file_ticket)
        status, listed = 0, ""
        for _ in range(200):
            status, listed = await relay("mail", "list", "--json", *config)
            items = json.loads(listed)["items"]
            if any(each["last_error"] for each in items):
                break
        assert status == 0
        assert {each["state"] for each in items} == {"pending"}
        assert {each["to"] for each in items} == {"uma@example.com", "tess@example.org"}
        [tried, *_] = [each for each in items if each["last_error"]]
        assert "Nothing takes mail at 127.0.0.1" in tried["last_error"]
        assert tried["last_error"] in (await relay("mail", "list", *config))[1]
        status, said = await relay("doctor", *config)
        assert status == 1
        assert "WRONG  mail: Nothing takes mail at 127.0.0.1" in said
        stack.restart()
        async with mail_peer(MailPeer(port=port)) as peer:
            status, said = await relay("mail", "retry", "--all", "--json", *config)
            assert status == 0
            await eventually(lambda: len(peer.mails) == 2)
            assert len({each["Message-ID"] for each in peer.mails}) == 2
            assert "ok     mail: 127.0.0.1" in (await relay("doctor", *config))[1]
        assert (await relay("mail", "list", *config))[1].startswith("No mail waits")


async def test_what_was_given_up_is_shown_until_it_is_tried_again(tmp_path: Path) -> None:
    peer = MailPeer(refuse_recipient=lambda address: "550 no such mailbox" if address.startswith("uma") else None)
    async with mail_peer(peer):
        with Stack(tmp_path, mail=peer.port) as stack:
            config = ("-c", str(stack.config))
            await asyncio.to_thread(stack.file_ticket)
            await eventually(lambda: len(peer.mails) == 1)
            items = []
            for _ in range(100):
                items = json.loads((await relay("mail", "list", "--json", *config))[1])["items"]
                if [each["state"] for each in items] == ["dead"]:
                    break
            [dead] = items
            assert "550 no such mailbox" in dead["last_error"]
            assert "WRONG  mail: 1 given up" in (await relay("doctor", *config))[1]
            status, said = await relay("mail", "retry", "999", *config)
            assert status == 1
            assert "no unsent mail 999" in said
            assert (await relay("mail", "retry", *config))[0] == 1
            peer.refuse_recipient = lambda _address: None
            assert (await relay("mail", "retry", str(dead["id"]), *config))[0] == 0
            await eventually(lambda: len(peer.to("uma@example.com")) == 1)


async def test_doctor_says_when_no_mail_is_set_up(tmp_path: Path) -> None:
    config = tmp_path / "new" / "towline.toml"
    assert (await relay("init", "--dir", str(config.parent)))[0] == 0
    said = (await relay("doctor", "-c", str(config)))[1]
    assert "ok     mail: not set up" in said
    status, said = await relay("mail", "retry", "--all", "-c", str(config))
    assert status == 1
    assert "[mail] from and smtp_url" in said


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtps://mail.example", SmtpUrl("mail.example", 465, "tls")),
        ("smtp://mail.example", SmtpUrl("mail.example", 587, "starttls")),
        ("smtp://mail.example:2525?starttls=always", SmtpUrl("mail.example", 2525, "starttls")),
        ("smtp://localhost?starttls=never", SmtpUrl("localhost", 25, "none")),
        ("smtp://[::1]:25?starttls=never", SmtpUrl("::1", 25, "none")),
        ("smtps://a%40b:c%2Fd@mail.example:999", SmtpUrl("mail.example", 999, "tls", "a@b", "c/d")),
    ],
)
def test_smtp_urls(url: str, expected: SmtpUrl) -> None:
    assert parse_smtp_url(url) == expected


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mail.example", "begin with smtps://"),
        ("http://u:s3cret@mail.example", "begin with smtps://"),
        (f"http://u:{SECRET}@mail.example", "it is no URL"),
        (f"smtps://u:{SECRET}@mail.example", "percent-encode"),
        ("smtps://u:s3cret@mail.example:99999", "it is no URL"),
        ("smtps://u:s3cret@mail.example:x", "it is no URL"),
        ("smtps://s3cret@mail.example", "both user name and password"),
        ("smtp://u:s3cret@mail.example?starttls=never", "on this machine"),
        ("smtp://u:s3cret@10.0.0.1?starttls=never", "on this machine"),
        ("smtp://u:s3cret@mail.example?starttls=maybe", "only starttls="),
        ("smtps://u:s3cret@mail.example?starttls=never", "takes nothing"),
        ("smtp://u:s3cret@mail.example/box", "end after"),
    ],
)
def test_wrong_smtp_urls_are_named_without_their_password(url: str, says: str) -> None:
    values = {"server": {"public_url": "https://desk.example"}, "mail": {"from": "a@b.example", "smtp_url": url}}
    with pytest.raises(SettingsError, match=r"\[mail\] smtp_url") as wrong:
        make_settings(values, {}, Path("/srv"))
    assert says in str(wrong.value)
    assert "s3cret" not in str(wrong.value)
    assert wrong.value.__cause__ is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("help@office.example", ("", "help@office.example")),
        ("Help desk <help@office.example>", ("Help desk", "help@office.example")),
        ('"Desk, Help" <help@office.example>', ("Desk, Help", "help@office.example")),
        ("Hilfe für alle <help@office.example>", ("Hilfe für alle", "help@office.example")),
    ],
)
def test_senders(text: str, expected: tuple[str, str]) -> None:
    assert parse_sender(text) == expected


@pytest.mark.parametrize(
    "text", ["", "help", "a@b.example, c@d.example", "Help <help>", "a@b.example\nBcc: x@y", "a@bü.example", "<@x>"]
)
def test_wrong_senders(text: str) -> None:
    with pytest.raises(ValueError, match=r"has to be|control"):
        parse_sender(text)


def test_mail_needs_both_settings_and_hides_the_password() -> None:
    server = {"server": {"public_url": "https://desk.example"}}
    for half in ({"from": "a@b.example"}, {"smtp_url": "smtps://mail.example"}, {"smtp_ca": "ca.pem"}):
        with pytest.raises(SettingsError, match="mail needs both"):
            make_settings({**server, "mail": half}, {}, Path("/srv"))
    variables = {"TOWLINE_MAIL__FROM": "a@b.example", "TOWLINE_MAIL__SMTP_URL": "smtps://u:s3cret@mail.example"}
    settings = make_settings({**server, "mail": {"smtp_ca": "ca.pem"}}, variables, Path("/srv"))
    assert settings.smtp == SmtpUrl("mail.example", 465, "tls", "u", "s3cret")
    assert settings.mail.smtp_ca == "/srv/ca.pem"
    assert "s3cret" not in repr(settings) + repr(settings.smtp)
    from relay.app import desk_settings

    assert "s3cret" not in repr(desk_settings(settings))
    assert os.environ.get("TOWLINE_MAIL__FROM") is None
