"""The language of the search line, and numbers as people say them."""

from datetime import UTC, datetime, timedelta

import pytest

from tickets.domain.errors import Invalid
from tickets.domain.finding import HELP, KEYS, Filters, Span, parse_search, spoken_part, telling_part
from tickets.domain.priority import Priority
from tickets.domain.values import Channel, Status

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def day(number: int, month: int = 1) -> datetime:
    return datetime(2026, month, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("", Filters()),
        ("printer  jam", Filters(text=("printer", "jam"))),
        ('"paper jam" hall', Filters(text=("hall",), phrases=("paper jam",))),
        ('"no end', Filters(phrases=("no end",))),
        ("status:new,open", Filters(status=(Status.NEW, Status.OPEN))),
        ("status:unsolved", Filters(status=(Status.NEW, Status.OPEN, Status.WAITING))),
        ("status:done", Filters(status=(Status.RESOLVED, Status.CLOSED))),
        ("PRIORITY:High", Filters(priority=(Priority.HIGH,))),
        ("channel:phone", Filters(channel=(Channel.PHONE,))),
        ('category:"Shared files, folders"', Filters(category=("Shared files, folders",))),
        ("assigned:me,nobody", Filters(assigned=("me", "nobody"))),
        ("tag:vip tag:onsite,remote", Filters(tag=(("vip",), ("onsite", "remote")))),
        ("-tag:vip", Filters(without=(Filters(tag=(("vip",),)),))),
        ("from:maria", Filters(person=(("maria",),))),
        ("created:2026-01-31", Filters(created=(Span(day(31), day(1, 2)),))),
        ("created:>2026-01-31", Filters(created=(Span(since=day(1, 2)),))),
        ("created:>=2026-01-31", Filters(created=(Span(since=day(31)),))),
        ("updated:<2026-01-31", Filters(updated=(Span(until=day(31)),))),
        ("updated:<=2026-01-31", Filters(updated=(Span(until=day(1, 2)),))),
        ("created:2026-01-01..2026-01-31", Filters(created=(Span(day(1), day(1, 2)),))),
        ("created:..2026-01-31", Filters(created=(Span(until=day(1, 2)),))),
        ("age:>7d", Filters(created=(Span(until=NOW - timedelta(days=7)),))),
        ("age:<12h", Filters(created=(Span(since=NOW - timedelta(hours=12)),))),
        ("http://intranet 12:30 C:", Filters(text=("http://intranet", "12:30", "C:"))),
        ("-offline", Filters(text=("-offline",))),
    ],
)
def test_a_line_means(line: str, meant: Filters) -> None:
    assert parse_search(line, NOW) == meant


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("status:lost", "new, open, waiting, resolved, closed, unsolved, done"),
        ("priority:1", "low, normal, high, critical"),
        ("channel:fax", "portal"),
        ("created:yesterday", "created:2026-01-31"),
        ("created:2026-02-30", "created:2026-01-31"),
        ("updated:>1.2.2026", "updated:>2026-01-31"),
        ("age:7d", "age:>7d"),
        ("tag:", "behind tag:"),
        ('from:""', "behind from:"),
        ("a " * 31, "30 words"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would(line: str, says: str) -> None:
    with pytest.raises(Invalid) as raised:
        parse_search(line, NOW)
    assert raised.value.field == "q"
    assert says in raised.value.text


def test_every_key_has_a_word_in_the_help() -> None:
    assert all(f"{key}:" in HELP for key in KEYS)


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("TL-4K7P-2M9Q", "4K7P2M9Q"),
        ("tl 4k7p 2m9q", "4K7P2M9Q"),
        ("4 K 7 P – 2 M 9 Q", "4K7P2M9Q"),
        ("4k7p2m", "4K7P2M"),
        ("O1L7", "0117"),
        ("ABCDEFGH", "ABCDEFGH"),
        ("scanner", "SCANNER"),
        ("user", ""),
        ("4K7P2M9Q4", ""),
        ("", ""),
    ],
)
def test_numbers_are_read_as_people_say_them(said: str, part: str) -> None:
    assert spoken_part(said, "TL") == part


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("tl 4k7p 2m9q", "4K7P2M9Q"),
        ("ABCDEFGH", "ABCDEFGH"),
        ("4k7p2m", "4K7P2M"),
        ("E1234", ""),
        ("scanner", ""),
        ("printer", ""),
        ("0x80070005", ""),
    ],
)
def test_a_number_nobody_called_one_has_to_be_telling(said: str, part: str) -> None:
    assert telling_part(said, "TL") == part
