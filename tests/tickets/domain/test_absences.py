"""An absence begins before it ends, at times that every time zone has."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from tickets.domain.errors import Invalid
from tickets.domain.teams import NewAbsence, check_absence

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))


def test_an_absence_of_a_day() -> None:
    check_absence(NewAbsence(from_at=NOON, to_at=NOON + timedelta(days=1)))


def test_an_absence_that_ends_before_it_begins() -> None:
    with pytest.raises(Invalid, match="to_at"):
        check_absence(NewAbsence(from_at=NOON, to_at=NOON))


def test_times_that_no_other_time_zone_has() -> None:
    for from_at, to_at in (
        (datetime(1, 1, 1, tzinfo=EAST), NOON),
        (NOON, datetime(9999, 12, 31, 23, tzinfo=WEST)),
    ):
        with pytest.raises(Invalid, match="between the years"):
            check_absence(NewAbsence(from_at=from_at, to_at=to_at))
