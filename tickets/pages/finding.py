"""The queue's address: what it asks for, and the words for its filters and orders."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from tickets.domain.finding import Sort
from tickets.domain.saved_views import SharedWith
from tickets.domain.values import QueueView
from tickets.domain.views import MAX_TITLE, QueueQuery
from tickets.pages.language import Choices, Words

FILTERS: Final = ("status", "priority", "category", "team", "assigned", "tag", "asset", "channel", "watcher", "age")
"""What a view narrows down by beside the search line, in the order of the form."""
SORT: Final = Words(
    {
        Sort.QUEUE: "What is due first",
        Sort.BEST: "Best match",
        Sort.NEWEST: "Newest first",
        Sort.OLDEST: "Oldest first",
        Sort.CHANGED: "Changed last",
        Sort.STALE: "Unchanged for longest",
    }
)
AGES: Final = Choices(
    ("<1d", "Less than a day"),
    ("<7d", "Less than a week"),
    (">1d", "More than a day"),
    (">7d", "More than a week"),
    (">30d", "More than 30 days"),
)
SHARED: Final = Words(
    {
        SharedWith.NOBODY: "Only me",
        SharedWith.TEAM: "My team",
        SharedWith.ALL: "All technicians",
    }
)

_KNOWN: Final = frozenset(QueueQuery.__struct_fields__) - {"limit"}


def query_of(parameters: Mapping[str, str], first: QueueView) -> QueueQuery:
    """Return what an address asks for; a value that is none is left out, without any view it is `first`."""
    values: dict[str, Any] = {name: value for name, value in parameters.items() if name in _KNOWN and value}
    values["q"] = values.get("q", "")[:MAX_TITLE]
    found = QueueQuery(view=first if "view" not in values and not _narrows(values) else QueueView.ALL)
    for name, value in values.items():
        try:
            found = msgspec.convert({**msgspec.to_builtins(found), name: value}, QueueQuery, strict=False)
        except msgspec.ValidationError:
            if name == "view":
                found = msgspec.structs.replace(found, view=first)
    return found


def _narrows(values: Mapping[str, Any]) -> bool:
    return any(values.get(name) for name in (*FILTERS, "q"))


def address_of(query: QueueQuery, **changes: Any) -> str:
    """Return the part of an address behind the question mark."""
    values = {**msgspec.to_builtins(query), **changes}
    return urlencode([(name, value) for name, value in values.items() if value and name not in {"limit", "cursor"}])


def chosen(query: QueueQuery) -> dict[str, str]:
    """Return the filters of a query that narrow anything down, with `sort`."""
    values = msgspec.to_builtins(query)
    return {name: str(values[name]) for name in (*FILTERS, "sort") if values.get(name)}
