"""Checks of who gets what, and who may say so."""

from tests.mutants.mutant import Mutant


def _spreading(name: str, file: str, find: str, replace: str, test: str) -> Mutant:
    """Switch one check of spreading the work off."""
    return Mutant(name, f"tickets/{file}", find, replace, f"tests/tickets/{test}")


MUTANTS: tuple[Mutant, ...] = (
    _spreading(
        "caps are no limit",
        "domain/assignment.py",
        " and each.load < _lowest(each.cap, cap)",
        "",
        "domain/test_assignment.py::test_the_lower_cap_counts",
    ),
    _spreading(
        "tickets go to who lacks the skill",
        "domain/assignment.py",
        " and skills <= each.skills",
        "",
        "domain/test_assignment.py::test_one_thing_that_is_wrong_rules_out",
    ),
    _spreading(
        "any technician changes rules and targets",
        "domain/access.py",
        "    ((Role.ADMIN,), Action.CHANGE, (Thing.CATEGORIES, Thing.TEAMS, Thing.SPREADING, Thing.TECHNICIANS)),",
        "    (_STAFF, Action.CHANGE, (Thing.CATEGORIES, Thing.TEAMS, Thing.SPREADING, Thing.TECHNICIANS)),",
        "pages/test_spreading.py::test_admin_pages_are_for_admins[/admin/rules]",
    ),
    _spreading(
        "any technician says that a colleague is away",
        "services/workforce.py",
        "if actor.technician is not None and actor.technician == technician:",
        "if actor.technician is not None:",
        "api/test_spreading.py::test_ones_own_work_and_others",
    ),
    _spreading(
        "strangers file under internal categories",
        "domain/categories.py",
        "if each.active and (internal or each.portal)]",
        "if each.active]",
        "domain/test_categories.py::test_what_names_none_or_several_is_refused_with_the_list",
    ),
    _spreading(
        "requesters learn whose work it is inside",
        "services/views.py",
        "team=team_name(row) if actor.is_staff else None,",
        "team=team_name(row),",
        "api/test_spreading.py::test_without_rules_nobody_gets_it_and_the_category_says_whose_work_it_is",
    ),
    _spreading(
        "two workers escalate one clock",
        "store/clocks.py",
        "        clocks.c.due_at <= now,\n        clocks.c.escalated_at.is_(None),\n",
        "        clocks.c.due_at <= now,\n",
        "services/test_clock_keeper.py::test_a_warning_and_an_escalation_each_once_also_after_a_downtime[rounds0]",
    ),
)
