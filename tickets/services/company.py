"""Who else has a ticket open, or is typing into it: kept in memory only, told to those who have it open themselves."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import msgspec

from tickets.domain.values import TechnicianId
from tickets.services.hub import Subscription


class Doing(StrEnum):
    """What somebody does on a ticket's page."""

    LOOKING = "looking"
    TYPING = "typing"


class Companion(msgspec.Struct, frozen=True):
    """A colleague on the same page."""

    name: str
    doing: Doing


class Company(msgspec.Struct, frozen=True, tag="company"):
    """Who else is on a ticket's page; nobody when `people` is empty."""

    tracking: str
    people: tuple[Companion, ...]


@dataclass(frozen=True)
class _Seat:
    technician: TechnicianId
    name: str
    tracking: str
    doing: Doing


class CompanyKeeper:
    """Knows which page shows which ticket. A page shows one ticket; what it says last counts."""

    def __init__(self) -> None:
        """Start with nobody anywhere."""
        self._seats: Final[dict[Subscription, _Seat]] = {}
        self._told: Final[dict[Subscription, Company]] = {}

    def here(self, page: Subscription, technician: TechnicianId, name: str, *, tracking: str, doing: Doing) -> None:
        """Note what a page shows and what its technician does there; tell whoever is there too."""
        before = self._seats.get(page)
        self._seats[page] = _Seat(technician, name, tracking, doing)
        if before is not None and before.tracking != tracking:
            self._told.pop(page, None)
            self._tell(before.tracking)
        self._tell(tracking)

    def gone(self, page: Subscription) -> None:
        """Forget a page that was closed."""
        before = self._seats.pop(page, None)
        self._told.pop(page, None)
        if before is not None:
            self._tell(before.tracking)

    def _tell(self, tracking: str) -> None:
        there = [(page, seat) for page, seat in self._seats.items() if seat.tracking == tracking]
        doing: dict[TechnicianId, Companion] = {}
        for _, seat in there:
            if seat.technician not in doing or seat.doing is Doing.TYPING:
                doing[seat.technician] = Companion(seat.name, seat.doing)
        for page, seat in there:
            others = (companion for technician, companion in doing.items() if technician != seat.technician)
            company = Company(tracking, tuple(sorted(others, key=lambda each: each.name)))
            if self._told.get(page, Company(tracking, ())) != company:
                self._told[page] = company
                page.put(company)
