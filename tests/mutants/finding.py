"""Checks of finding and of what hangs on requests: views, bulk deeds, canned answers, assets, extra fields."""

from tests.mutants.mutant import Mutant

_DESK_TESTS = "tests/tickets"


def _desk(name: str, file: str, find: str, replace: str, test: str) -> Mutant:
    """Switch one check of the help desk off."""
    return Mutant(name, f"tickets/{file}", find, replace, f"{_DESK_TESTS}/{test}")


MUTANTS: tuple[Mutant, ...] = (
    _desk(
        "private views are everybody's",
        "store/saved_views.py",
        "                saved_views.c.owner_id == technician,\n",
        "                saved_views.c.owner_id != '',\n",
        "api/test_finding.py::test_a_view_is_its_owners_until_it_is_shared",
    ),
    _desk(
        "shared views are changed by anybody",
        "services/saved_views.py",
        "Thing.OWN_VIEW if row.owner_id == actor.technician else Thing.SHARED_VIEW",
        "Thing.OWN_VIEW",
        "api/test_finding.py::test_a_view_is_its_owners_until_it_is_shared",
    ),
    _desk(
        "a bulk deed goes past the right to a ticket",
        "services/bulk.py",
        "await self._tickets.set_status(actor, tracking, request.status or Status.OPEN)",
        "await self._tickets.set_status("
        "__import__('dataclasses').replace(actor, role=type(actor.role)('admin'))"
        ", tracking, request.status or Status.OPEN)",
        "api/test_finding.py::test_each_ticket_of_a_bulk_deed_is_checked_by_itself",
    ),
    _desk(
        "canned answers of others can be used",
        "store/canned.py",
        "or_(canned_answers.c.owner_id.is_(None), canned_answers.c.owner_id == technician)",
        "or_(canned_answers.c.owner_id.is_(None), canned_answers.c.owner_id != '')",
        "api/test_things.py::test_canned_answers_are_ones_own_or_everybodys",
    ),
    _desk(
        "a requester's name is read for variables",
        "domain/canned.py",
        "return _VARIABLE.sub(lambda found: values.get(found[1].strip(), found[0]), text)[:MAX_TEXT]",
        "return _VARIABLE.sub(lambda found: values.get(found[1].strip(), found[0]),"
        " _VARIABLE.sub(lambda found: values.get(found[1].strip(), found[0]), text))[:MAX_TEXT]",
        "domain/test_fields.py::test_variables_are_put_in_once_and_nothing_else_is_read",
    ),
    _desk(
        "requesters see internal fields",
        "services/fields.py",
        "            if actor.is_staff or not each.internal\n",
        "",
        "api/test_things.py::test_extra_fields_are_asked_checked_shown_and_found",
    ),
    _desk(
        "fields that are needed can be left out",
        "services/fields.py",
        "    check_required(known, clean_values(known, given), Required.SUBMIT)\n",
        "    clean_values(known, given)\n",
        "api/test_things.py::test_extra_fields_are_asked_checked_shown_and_found",
    ),
)
