"""Mail that comes in through the whole server, as an admin sets it up; over a real IMAP, SMTP and LMTP server."""

import asyncio
import json
import re
import smtplib
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from relay.config import SettingsError, make_settings
from relay.intake import ImapUrl, ListenAt, parse_imap_url, parse_listen
from tests.relay.test_mail import eventually, relay
from tests.support.dovecot import DovecotServer
from tests.support.mail_peer import MailPeer, mail_peer
from tests.support.stack import EMAIL, Stack, free_port

DESK = "help@example.org"
UMA = "uma@example.com"
SERVER = {"server": {"public_url": "https://desk.example"}}
OUT = {"from": f"Desk <{DESK}>", "smtp_url": "smtps://mail.example"}


def letter(text: str, *, subject: str = "The printer says no", sender: str = UMA, **headers: str) -> bytes:
    made = EmailMessage(SMTP)
    made["From"], made["To"], made["Subject"] = sender, DESK, subject
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made.as_bytes()


def configure(stack: Stack, **mail: object) -> None:
    """Add settings to [mail], which stands last in the file, and start again."""
    with stack.config.open("a", encoding="utf-8") as file:
        file.writelines(f"{name} = {json.dumps(value)}\n" for name, value in mail.items())
    stack.restart()


def logs(folder: Path) -> str:
    return "".join(path.read_text(encoding="utf-8") for path in folder.glob("server*.log"))


def ids(peer: MailPeer, recipient: str) -> list[str]:
    return [str(mail["Message-ID"]) for mail in peer.to(recipient)]


async def wait_for(peer: MailPeer, recipient: str, count: int) -> EmailMessage:
    await eventually(lambda: len(peer.to(recipient)) >= count)
    return peer.to(recipient)[count - 1]


async def test_the_whole_story_by_mail(tmp_path: Path, dovecot: DovecotServer) -> None:
    """In, confirmation, reply, answer, solution, reopening, closing, and a request that follows the closed one up."""
    async with mail_peer() as peer:
        with Stack(tmp_path, mail=peer.port) as stack:
            url = f"imap://{DESK.replace('@', '%40')}:{dovecot.password}@127.0.0.1:{dovecot.imap}?starttls=never"
            await asyncio.to_thread(configure, stack, imap_url=url)
            await story(stack, peer, dovecot)
    log = logs(tmp_path)
    assert dovecot.password not in log
    assert UMA not in log


async def story(stack: Stack, peer: MailPeer, dovecot: DovecotServer) -> None:
    async def write(text: str, **headers: str) -> None:
        await asyncio.to_thread(dovecot.deliver, letter(text, **headers), DESK, sender=UMA)

    await write("It blinks red.", Message_ID="<first@example.com>")
    confirmation = await wait_for(peer, UMA, 1)
    found = re.search(r"TL-\w{4}-\w{4}", str(confirmation["Subject"]))
    assert found is not None
    tracking = found[0]
    assert await eventually(lambda: len(peer.to(EMAIL)) == 1) < 5
    async with stack.technician() as api:

        async def ask(method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
            answer = await api._client.request(method, path, json=body)
            assert answer.status_code < 300, answer.text
            given: dict[str, Any] = answer.json() if answer.content else {}
            return given

        ticket = await ask("GET", f"/tickets/{tracking}")
        assert (ticket["channel"], ticket["description"]) == ("e-mail", "It blinks red.")
        await api.claim(tracking)
        await ask("POST", f"/tickets/{tracking}/messages", {"text": "Is it on?"})
        reply = await wait_for(peer, UMA, 2)
        await write("It is.\n\n> Is it on?", In_Reply_To=str(reply["Message-ID"]), Message_ID="<2@example.com>")
        await wait_for(peer, EMAIL, 2)
        ticket = await ask("GET", f"/tickets/{tracking}")
        assert [line["text"] for line in ticket["timeline"] if line["kind"] == "message"] == ["Is it on?", "It is."]
        await ask("POST", f"/tickets/{tracking}/resolve", {"solution": "Paper."})
        solved = await wait_for(peer, UMA, 3)
        await write("No!", In_Reply_To=str(solved["Message-ID"]), Message_ID="<3@example.com>")
        await wait_for(peer, EMAIL, 3)
        assert (await ask("GET", f"/tickets/{tracking}"))["status"] == "open"
        await ask("POST", f"/tickets/{tracking}/status", {"status": "closed"})
        await write("Once more.", In_Reply_To=str(solved["Message-ID"]), Message_ID="<4@example.com>")
        await eventually(lambda: any(tracking not in str(mail["Subject"]) for mail in peer.to(UMA)))
    assert len(set(ids(peer, UMA))) == len(peer.to(UMA))


async def test_mail_is_delivered_to_the_server_itself(tmp_path: Path) -> None:
    port = free_port()
    async with mail_peer() as peer:
        with Stack(tmp_path, mail=peer.port) as stack:
            config = ("-c", str(stack.config))
            await asyncio.to_thread(configure, stack, smtp_listen=f"127.0.0.1:{port}")

            def send(raw: bytes, recipient: str = DESK) -> None:
                with smtplib.SMTP("127.0.0.1", port, timeout=20) as client:
                    client.starttls(context=stack.tls())
                    client.sendmail(UMA, [recipient], raw)

            await eventually(lambda: listens(port))
            await asyncio.to_thread(send, letter("It blinks.", Message_ID="<1@example.com>"))
            confirmation = await wait_for(peer, UMA, 1)
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                await asyncio.to_thread(send, letter("Relay me."), "somebody@else.example")
            stranger = letter("Me!", sender="eve@evil.example", subject=str(confirmation["Subject"]))
            await asyncio.to_thread(send, stranger)
            await eventually(lambda: "state=suspended" in logs(tmp_path) or '"suspended"' in logs(tmp_path))
            items = json.loads((await relay("mail", "suspended", "--json", *config))[1])["items"]
            assert [each["sender"] for each in items] == ["eve@evil.example"]
            assert "has no part in that request" in items[0]["reason"]
            assert "1 waiting for a decision" in (await relay("doctor", *config))[1]
            status, said = await relay("mail", "replay", str(items[0]["id"]), *config)
            assert (status, said.strip()) == (0, "Looked at once more: 1.")


def listens(port: int) -> bool:
    try:
        smtplib.SMTP("127.0.0.1", port, timeout=5).quit()
    except OSError:
        return False
    return True


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("imaps://u:p@mail.example", ImapUrl("mail.example", 993, "tls", "u", "p")),
        ("imap://u:p@mail.example", ImapUrl("mail.example", 143, "starttls", "u", "p")),
        ("imap://u:p@localhost:1143?starttls=never", ImapUrl("localhost", 1143, "none", "u", "p")),
        ("imaps://a%40b:c%2Fd@mail.example:999", ImapUrl("mail.example", 999, "tls", "a@b", "c/d")),
    ],
)
def test_imap_urls(url: str, expected: ImapUrl) -> None:
    assert parse_imap_url(url, with_token=False) == expected
    assert "password" not in repr(expected)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mail.example", "begin with imaps://"),
        ("imap://u:s3cret@mail.example?starttls=never", "on this machine"),
        ("imaps://u:s3cret@mail.example?starttls=never", "takes nothing"),
        ("imaps://:s3cret@mail.example", "names no user"),
        ("imaps://u@mail.example", "give a password"),
        ("imaps://u:s3cret@mail.example/INBOX", "imap_folder"),
        ("imaps://u:s3cret@mail.example:x", "it is no URL"),
    ],
)
def test_wrong_imap_urls_are_named_without_their_password(url: str, says: str) -> None:
    with pytest.raises(SettingsError, match=r"\[mail\] imap_url") as wrong:
        make_settings({**SERVER, "mail": {**OUT, "imap_url": url}}, {}, Path("/srv"))
    assert says in str(wrong.value)
    assert "s3cret" not in str(wrong.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:2525", ListenAt("127.0.0.1", 2525)),
        ("[::]:25", ListenAt("::", 25)),
        ("lmtp:127.0.0.1:24", ListenAt("127.0.0.1", 24, lmtp=True)),
        ("lmtp:/run/towline/lmtp", ListenAt(socket="/run/towline/lmtp", lmtp=True)),
    ],
)
def test_where_to_listen(text: str, expected: ListenAt) -> None:
    assert parse_listen(text) == expected


@pytest.mark.parametrize("text", ["2525", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999", "lmtp:0.0.0.0:24", ":25"])
def test_where_nobody_can_listen(text: str) -> None:
    with pytest.raises(SettingsError, match=r"\[mail\] smtp_listen"):
        make_settings({**SERVER, "mail": {**OUT, "smtp_listen": text}}, {}, Path("/srv"))


def test_settings_of_mail_that_comes_in() -> None:
    mail = {**OUT, "imap_url": "imaps://u@mail.example", "imap_token_command": "get-token --for 'the desk'"}
    settings = make_settings({**SERVER, "mail": {**mail, "addresses": ["It@example.org"]}}, {}, Path("/srv"))
    from relay.app import desk_settings

    intake = desk_settings(settings).intake
    assert intake is not None
    assert intake.addresses == (DESK, "it@example.org")
    assert intake.imap is not None
    assert intake.imap.token is not None
    assert intake.imap.token.command == ("get-token", "--for", "the desk")
    for wrong in (
        {"imap_token_file": "token"},
        {"addresses": ["help+x@example.org"]},
        {"addresses": ["nobody"]},
        {"imap_token_command": "'"},
    ):
        with pytest.raises(SettingsError):
            make_settings({**SERVER, "mail": {**mail, **wrong}}, {}, Path("/srv"))
    without = make_settings({**SERVER, "mail": OUT}, {}, Path("/srv"))
    assert desk_settings(without).intake is None
    with pytest.raises(SettingsError, match="mail needs both"):
        make_settings({**SERVER, "mail": {"smtp_listen": "127.0.0.1:2525"}}, {}, Path("/srv"))
