"""Lists that an admin keeps, as API, pages and command line use them: all of one shape."""

from typing import Generic, Protocol, TypeVar

import msgspec

from tickets.domain.access import Actor
from tickets.domain.categories import CategoryChoices, CategoryFields, CategoryView
from tickets.domain.clocks import ClockView
from tickets.domain.priority import Impact, MatrixView
from tickets.domain.teams import AbsenceView, NewAbsence, WorkFields, WorkList, WorkView
from tickets.domain.values import Urgency
from tickets.domain.views import Id, Line, TicketView

F_contra = TypeVar("F_contra", bound=msgspec.Struct, contravariant=True)
V_co = TypeVar("V_co", bound=msgspec.Struct, covariant=True)


class Register(Protocol, Generic[F_contra, V_co]):
    """One such list. All raise NotLoggedIn, NotAllowed."""

    async def listed(self, actor: Actor) -> tuple[V_co, ...]:
        """Return everything that is kept, in its order, what was switched off too."""

    async def add(self, actor: Actor, fields: F_contra) -> V_co:
        """Keep a new one. Raises AlreadyThere for a name that is taken, Invalid."""

    async def change(self, actor: Actor, ident: str, fields: F_contra) -> V_co:
        """Put `fields` in the place of what is there. Raises NotFound, AlreadyThere, Invalid."""


class Categories(Register[CategoryFields, CategoryView], Protocol):
    """What a request can be about."""

    async def offered(self, actor: Actor) -> CategoryChoices:
        """Return the active categories: those of the portal, to technicians the internal ones too."""


class Weights(Protocol):
    """Urgency times impact."""

    async def shown(self, actor: Actor) -> MatrixView:
        """Return every cell."""

    async def change(self, actor: Actor, cells: MatrixView) -> MatrixView:
        """Set the cells that are given; tickets that are there keep their priority until they are triaged anew."""


class Work(Protocol):
    """How technicians work. All raise NotLoggedIn, NotAllowed, NotFound for a technician who is not there.

    Technicians change their own availability and absences; an admin everybody's, and skills, hours and caps.
    """

    async def listed(self, actor: Actor) -> WorkList:
        """Return everybody's."""

    async def shown(self, actor: Actor, technician: str) -> WorkView:
        """Return one technician's."""

    async def change(self, actor: Actor, technician: str, fields: WorkFields) -> WorkView:
        """Set skills, cap and hours. Raises Invalid."""

    async def set_available(self, actor: Actor, technician: str, *, available: bool) -> WorkView:
        """Say whether somebody can be given tickets now."""

    async def add_absence(self, actor: Actor, technician: str, new: NewAbsence) -> AbsenceView:
        """Keep an absence. Raises Invalid."""

    async def remove_absence(self, actor: Actor, technician: str, absence: str) -> None:
        """Forget an absence. Raises NotFound."""


class Triage(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to change about a ticket; what is left out stays. `team` null takes it out of every team.

    A `team` other than the one it has puts the ticket into that team's queue, where the rules give it to somebody.
    """

    urgency: Urgency | None = None
    impact: Impact | None = None
    category: Line | None = None
    team: Id | msgspec.UnsetType | None = msgspec.UNSET


class ClockList(msgspec.Struct, frozen=True):
    """The clocks of a ticket, the oldest first."""

    items: tuple[ClockView, ...]


class Triaging(Protocol):
    """How much a ticket weighs, and whose it is."""

    async def triage(self, actor: Actor, tracking: str, wanted: Triage) -> TicketView:
        """Change it; running sessions end when it goes to another team. Raises Invalid, TicketClosed."""

    async def clocks(self, actor: Actor, tracking: str) -> ClockList:
        """Return the clocks of a ticket; for technicians."""
