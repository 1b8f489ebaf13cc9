"""Business time, exactly: across changes of the clocks, holidays, and there and back again."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tickets.domain.calendar import (
    ALL_WEEK,
    ALWAYS,
    FAR,
    Calendar,
    Week,
    make_calendar,
    moment_of,
    parse_holidays,
    parse_week,
    write_holidays,
    write_week,
)
from tickets.domain.errors import Invalid

BERLIN = ZoneInfo("Europe/Berlin")
OFFICE = make_calendar("Mon-Fri 09:00-17:00", "Europe/Berlin")
H = timedelta(hours=1)


def at(text: str, zone: ZoneInfo = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-24 10:00", 2, "2026-11-24 12:00"),
        ("2026-11-24 16:00", 2, "2026-11-25 10:00"),
        # Filed in the night, on a Friday evening, on a Sunday.
        ("2026-11-24 03:00", 1, "2026-11-24 10:00"),
        ("2026-11-27 18:00", 8, "2026-11-30 17:00"),
        ("2026-11-29 12:00", 9, "2026-12-01 10:00"),
        # Over both changes of the clocks: an hour of the office stays an hour.
        ("2026-03-27 16:00", 2, "2026-03-30 10:00"),
        ("2026-10-23 16:00", 2, "2026-10-26 10:00"),
    ],
)
def test_business_hours_are_counted(start: str, hours: int, end: str) -> None:
    assert OFFICE.add(at(start), hours * H) == at(end)
    assert OFFICE.between(at(start), at(end)) == hours * H


def test_a_night_in_which_the_clocks_change_is_an_hour_shorter_or_longer() -> None:
    nights = make_calendar("Sun 00:00-06:00", "Europe/Berlin")
    for day, hours in (("2026-03-29", 5), ("2026-10-25", 7), ("2026-11-22", 6)):
        assert nights.between(at(f"{day} 00:00"), at(f"{day} 06:00")) == hours * H
        assert nights.add(at(f"{day} 00:00"), hours * H) == at(f"{day} 06:00")


def test_hours_that_the_clocks_skip_are_none_and_hours_that_come_twice_are_the_first() -> None:
    early = make_calendar("Sun 02:15-02:45", "Europe/Berlin")
    assert early.between(at("2026-03-29 00:00"), at("2026-03-29 06:00")) == timedelta()
    assert early.between(at("2026-03-22 00:00"), at("2026-03-22 06:00")) == H / 2
    # 02:15 came at 00:15 UTC and again at 01:15 UTC.
    assert early.is_open(datetime(2026, 10, 25, 0, 20, tzinfo=UTC))
    assert not early.is_open(datetime(2026, 10, 25, 1, 20, tzinfo=UTC))
    assert moment_of(date(2026, 3, 29), 150, BERLIN) == datetime(2026, 3, 29, 1, tzinfo=UTC)


def test_a_zone_whose_change_is_half_an_hour() -> None:
    lord_howe = ZoneInfo("Australia/Lord_Howe")
    assert moment_of(date(2026, 10, 4), 135, lord_howe) == datetime(2026, 10, 3, 15, 30, tzinfo=UTC)
    assert moment_of(date(2026, 10, 4), 150, lord_howe) == datetime(2026, 10, 3, 15, 30, tzinfo=UTC)


def test_holidays_are_no_days_of_work_and_yearly_ones_come_back() -> None:
    calendar = make_calendar("Mon-Fri 09:00-17:00", "Europe/Berlin", "2026-12-25 yearly Christmas\n2026-11-25 Move")
    assert calendar.add(at("2026-11-24 16:00"), 2 * H) == at("2026-11-26 10:00")
    assert OFFICE.add(at("2026-11-24 16:00"), 2 * H) == at("2026-11-25 10:00")
    # 2026-12-25 is a Friday, 2028-12-25 a Monday; the move is over.
    assert calendar.add(at("2026-12-24 16:00"), 2 * H) == at("2026-12-28 10:00")
    assert calendar.add(at("2028-12-22 16:00"), 2 * H) == at("2028-12-26 10:00")
    assert calendar.is_open(at("2027-11-25 10:00"))


def test_open_to_the_minute() -> None:
    assert [OFFICE.is_open(at(f"2026-11-24 {clock}")) for clock in ("08:59", "09:00", "16:59", "17:00")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not OFFICE.is_open(at("2026-11-28 12:00"))


def test_no_time_is_over_at_once_and_time_that_never_comes_is_far() -> None:
    night = at("2026-11-24 03:00")
    assert OFFICE.add(night, timedelta()) == night
    assert OFFICE.between(night, night - H) == timedelta()
    never = Calendar(week=((),) * 7)
    assert never.add(night, H) == FAR
    assert not never.is_open(night)


weeks = st.lists(
    st.lists(st.integers(0, 1440), max_size=4, unique=True).map(
        lambda ends: tuple(zip(*[iter(sorted(ends)[: len(ends) // 2 * 2])] * 2, strict=True))
    ),
    min_size=7,
    max_size=7,
).filter(any).map(tuple)  # fmt: skip
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
moments = st.integers(0, 730 * 86_400).map(lambda second: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=second))
amounts = st.integers(1, 6_000).map(lambda minutes: timedelta(minutes=minutes))


@given(weeks, zones, moments, amounts)
def test_between_undoes_add(week: Week, zone: str, start: datetime, amount: timedelta) -> None:
    calendar = Calendar(week, ZoneInfo(zone))
    end = calendar.add(start, amount)
    if end < FAR:
        assert calendar.between(start, end) == amount
        # It is the first such moment.
        assert calendar.between(start, end - timedelta(seconds=1)) < amount


@given(weeks, zones, moments, amounts, amounts)
def test_two_amounts_one_after_the_other_are_their_sum(
    week: Week, zone: str, start: datetime, first: timedelta, second: timedelta
) -> None:
    calendar = Calendar(week, ZoneInfo(zone))
    assert calendar.add(calendar.add(start, first), second) == calendar.add(start, first + second)


@given(weeks, zones, moments, st.integers(0, 30 * 86_400), st.integers(0, 30 * 86_400))
def test_business_time_adds_up(week: Week, zone: str, start: datetime, first_s: int, second_s: int) -> None:
    calendar = Calendar(week, ZoneInfo(zone))
    middle = start + timedelta(seconds=first_s)
    end = middle + timedelta(seconds=second_s)
    assert calendar.between(start, middle) + calendar.between(middle, end) == calendar.between(start, end)
    assert ALWAYS.between(start, end) == end - start


@given(weeks)
def test_hours_are_read_as_they_were_written(week: Week) -> None:
    # Spans that touch are one.
    again = parse_week(write_week(week))
    assert parse_week(write_week(again)) == again
    assert Calendar(again).between(at("2026-01-05 00:00"), at("2026-01-12 00:00")) == Calendar(week).between(
        at("2026-01-05 00:00"), at("2026-01-12 00:00")
    )


def test_hours_as_people_write_them() -> None:
    week = parse_week("mon - fri 9:00 - 12:30, 13:00-17:00\nSaturday 10:00-14:00; Sun-Mon 20:00-24:00")
    assert week[0] == ((540, 750), (780, 1020), (1200, 1440))
    assert week[5] == ((600, 840),)
    assert week[6] == ((1200, 1440),)
    assert parse_week("Mon-Sun 00:00-24:00") == ALL_WEEK
    assert write_week(ALL_WEEK) == "Mon-Sun 00:00-24:00"


@pytest.mark.parametrize(
    "text",
    ["", "sometimes", "Mon", "Mon 9-17", "Mon 17:00-09:00", "Mon 09:00-25:00", "Mon 09:60-10:00", "Abc 09:00-10:00"],
)
def test_hours_that_can_not_be_read_are_refused(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_week(text)
    assert refused.value.field == "hours"


def test_holidays_are_read_as_they_were_written_and_others_refused() -> None:
    text = "2026-12-25 yearly Christmas\n2027-03-26 Good Friday\n2026-11-25"
    assert write_holidays(parse_holidays(f"\n{text}\n\n")) == text
    for wrong in ("Christmas", "2026-13-01", "2026-02-30 yearly", "25.12.2026"):
        with pytest.raises(Invalid):
            parse_holidays(wrong)
    with pytest.raises(Invalid):
        parse_holidays("2026-01-01\n" * 401)
    assert len(parse_holidays("2026-01-01\n" * 400)) == 400


def test_a_time_zone_has_to_be_one() -> None:
    with pytest.raises(Invalid):
        make_calendar("", "Middle/Earth")
    assert make_calendar("", "Europe/Berlin").is_open(at("2026-11-29 03:00"))
