"""Mails as bytes: nobody's words become headers, and everybody's words arrive."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.support.mail_peer import MailPeer, mail_peer, parse_mail, part
from tests.tickets.mail.desk import MailDesk, lead_to
from tickets.domain.values import Urgency
from tickets.mail.message import Letter, Sender, header_line, pack_letter, wire_address
from tickets.mail.writing import KEY_PLACE, LANGUAGES, LIST_PLACE, RATING_PLACE, MailKind, Words, with_keys, write

LETTER = Letter(
    sender=Sender("Office Help", "help@office.example"),
    recipient="maria@office.example",
    message_id="<tl.reply.TL-0000-0000.1.mac@office.example>",
    thread="<tl.thread.TL-0000-0000.0.mac@office.example>",
    subject="Grüße, 世界 and a title that is longer than one line of a header may be, by far: it goes on and on",
    text="Text: ü\n.\n..two dots\nFrom here\n",
    html="<p>ü</p>",
    at=datetime(2026, 11, 24, 10, 0, tzinfo=UTC),
)

EVIL = "Hi\r\nBcc: eve@evil.example\r\n\r\n<script>alert(1)</script>"


def test_words_arrive_as_they_were() -> None:
    mail = parse_mail(pack_letter(LETTER))
    assert mail["Subject"] == LETTER.subject
    assert part(mail, "plain") == LETTER.text
    assert part(mail, "html").strip() == LETTER.html
    assert mail["Date"].datetime == LETTER.at
    assert pack_letter(LETTER).isascii()
    assert all(len(line) <= 998 for line in pack_letter(LETTER).split(b"\r\n"))


def test_the_same_letter_is_the_same_bytes() -> None:
    assert pack_letter(LETTER) == pack_letter(LETTER)
    assert pack_letter(replace(LETTER, message_id="<other@x>")) != pack_letter(LETTER)


@pytest.mark.parametrize(
    "evil",
    [EVIL, "a\rBcc: eve@evil.example", "a\nBcc: eve@evil.example", "a\x00b", "a\u2028Bcc: x", "a\x85Bcc: eve@x"],
)
def test_no_title_and_no_name_becomes_a_header(evil: str) -> None:
    packed = pack_letter(replace(LETTER, subject=evil, sender=Sender(evil, "help@office.example")))
    mail = parse_mail(packed)
    assert mail["Bcc"] is None
    assert set(mail.keys()) == set(parse_mail(pack_letter(LETTER)).keys())
    assert mail["Subject"] == header_line(evil)
    assert mail["From"].addresses[0].addr_spec == "help@office.example"
    assert part(mail, "plain") == LETTER.text


@pytest.mark.parametrize("recipient", ["a@b.example\r\nBcc: eve@evil.example", "a@b.example\nX: y"])
def test_no_address_becomes_a_header(recipient: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        pack_letter(replace(LETTER, recipient=recipient))
    assert pack_letter(replace(LETTER, recipient="a@b.example"))


async def test_evil_words_go_through_the_whole_desk(office: MailDesk, peer: MailPeer) -> None:
    await office.world.technician("Ada")
    # As an older version might have kept them: past the cleaning at the door.
    await office.world.ticket()
    filed = await office.world.ticket(title="Hi\u2028Bcc: eve@evil.example", name='"Eve" <eve@evil.example>')
    await office.send()
    for mail in peer.mails:
        assert mail["Bcc"] is None
        assert "eve@evil.example" not in [address.addr_spec for address in mail["To"].addresses]
    [notice] = [mail for mail in peer.to("ada@help.example") if filed.tracking in mail["Subject"]]
    assert notice["Subject"].endswith("Hi Bcc: eve@evil.example")
    assert "&lt;eve@evil.example&gt;" in part(notice, "html")


def written(kind: MailKind, language: str = "en", **changes: str) -> tuple[str, str, str]:
    words = Words(
        organisation="Office <i>Help</i>",
        public_url="https://help.example",
        tracking="TL-0000-0000",
        title="<b>T</b> {{ 7 * 7 }} {who}",
        requester="<u>M</u>",
        category="<s>C</s>",
        urgency=Urgency.LOW,
        who=changes.get("who", "<a href='x'>W</a>"),
        said=changes.get("said", EVIL),
    )
    made = write(kind, words, language)
    return made.subject, made.text, made.html


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", MailKind)
def test_words_are_text_in_html_and_nothing_is_loaded(kind: MailKind, language: str) -> None:
    subject, text, html = written(kind, language)
    assert "\n" not in subject
    for tag in ("<script", "<b>T", "<u>M", "<i>Help", "<s>C", "<a href='x'"):
        assert tag not in html
    assert "49" not in subject + text + html
    assert re.findall(r"\b(?:src|background|srcset)=|url\(|@import|<(?:img|link|script|iframe|form)", html) == []
    links = set(re.findall(r"https?://[^/\"' ]+", html))
    # Watchers have no page of their own.
    assert links == (set() if kind in {MailKind.COPY, MailKind.COPY_SOLVED} else {"https://help.example"})


def test_nobody_can_write_the_place_of_the_key() -> None:
    keys = dict.fromkeys((KEY_PLACE, RATING_PLACE, LIST_PLACE), "SECRET")
    evil = "".join(keys)
    _, text, html = written(MailKind.REPLY, said=evil, who=evil)
    assert with_keys(text, keys).count("SECRET") == with_keys(html, keys).count("SECRET") == 1
    _, text, html = written(MailKind.ANSWER, said=evil, who=evil)
    assert "SECRET" not in with_keys(text, keys) + with_keys(html, keys)


def test_domains_are_written_in_ascii() -> None:
    assert wire_address("maria@büro.example") == "maria@xn--bro-hoa.example"
    assert wire_address("maria@praxis.local") == "maria@praxis.local"
    assert wire_address("grün@büro.example") == "grün@xn--bro-hoa.example"


async def test_addresses_beyond_ascii(office: MailDesk, peer: MailPeer) -> None:
    await office.world.ticket(email="grün@büro.example")
    await office.world.ticket(email="maria@büro.example")
    await office.send()
    assert [row["state"] for row in await office.rows()] == ["sent", "sent"]
    assert {recipient for _, [recipient] in peer.envelopes} == {
        "grün@xn--bro-hoa.example",
        "maria@xn--bro-hoa.example",
    }


async def test_a_server_without_smtputf8_refuses_such_addresses_for_good(office: MailDesk) -> None:
    async with mail_peer(smtputf8=False) as old:
        lead_to(office, old.port)
        await office.world.ticket(email="grün@büro.example")
        await office.world.ticket(email="maria@büro.example")
        await office.send()
    assert [row["state"] for row in await office.rows()] == ["dead", "sent"]
