"""The list of all pages: what each is called, where it is, and who looks at it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Who(StrEnum):
    """Who is logged in on the browser."""

    NOBODY = "nobody"
    TECHNICIAN = "technician"
    ADMIN = "admin"


@dataclass(frozen=True)
class Shot:
    """A page; names in braces are filled in from `Places`. `route` is its route where the path is not enough."""

    name: str
    path: str
    who: Who = Who.NOBODY
    route: str = ""

    @property
    def pattern(self) -> str:
        """The route that this page is an example of."""
        return self.route or self.path.partition("?")[0].partition("#")[0]


def _staff(name: str, path: str, route: str = "") -> Shot:
    return Shot(name, path, Who.TECHNICIAN, route)


def _admin(name: str, path: str, route: str = "") -> Shot:
    return Shot(name, path, Who.ADMIN, route)


def _register(name: str) -> tuple[Shot, Shot, Shot]:
    """A list of things, the form for a new one, and one of them."""
    one = f"/admin/{name}/{{{name}}}"
    return (
        _admin(f"admin-{name}", f"/admin/{name}"),
        _admin(f"admin-{name}-new", f"/admin/{name}/new"),
        _admin(f"admin-{name}-one", one, f"/admin/{name}/{{ident}}"),
    )


PAGES: Final = (
    Shot("portal", "/"),
    Shot("sent", "/sent"),
    Shot("lookup", "/lookup"),
    Shot("my-requests", "/my"),
    Shot("request", "/t/{tracking}#{token}", route="/t/{number}"),
    Shot("rate", "/t/{solved}/rate#{rating}", route="/t/{number}/rate"),
    Shot("answers", "/articles"),
    Shot("answer", "/articles/{article}"),
    Shot("not-found", "/nowhere"),
    Shot("login", "/console/login"),
    _staff("queue", "/console?view=all", "/console"),
    _staff("queue-search", "/console?view=all&q=drucker", "/console"),
    _staff("views", "/console/views"),
    _staff("new", "/console/new"),
    _staff("ticket", "/console/tickets/{tracking}"),
    _staff("ticket-solved", "/console/tickets/{solved}", "/console/tickets/{tracking}"),
    _staff("knowledge", "/console/articles"),
    _staff("article-new", "/console/articles/new"),
    _staff("article", "/console/articles/{article}"),
    _staff("article-edit", "/console/articles/{article}/edit"),
    _staff("article-revisions", "/console/articles/{article}/revisions"),
    _staff("knowledge-report", "/console/articles/report"),
    _staff("mail", "/console/mail"),
    _staff("mail-one", "/console/mail/{mail}"),
    _staff("numbers", "/console/reports?days=30"),
    _staff("tokens", "/console/tokens"),
    _staff("account", "/console/account"),
    _staff("assets", "/console/assets"),
    _staff("canned-answers", "/console/answers"),
    _admin("admin", "/admin"),
    *_register("categories"),
    *_register("teams"),
    *_register("rules"),
    *_register("targets"),
    *_register("calendars"),
    _admin("admin-fields", "/admin/fields"),
    _admin("admin-priorities", "/admin/priorities"),
    _admin("admin-technicians", "/admin/technicians"),
    _admin("admin-technician", "/admin/technicians/{technician}"),
    _admin("admin-people", "/admin/people"),
    _admin("admin-person", "/admin/people/{person}"),
    _admin("admin-imports", "/admin/imports"),
    _admin("admin-import", "/admin/imports/{import}", "/admin/imports/{ident}"),
    _admin("admin-webhooks", "/admin/webhooks"),
    _admin("admin-webhook", "/admin/webhooks/{webhook}"),
    _admin("admin-wording", "/admin/mail/templates"),
    _admin("admin-wording-one", "/admin/mail/templates/confirmation/en", "/admin/mail/templates/{kind}/{language}"),
    _admin("admin-outbox", "/admin/mail/outbox"),
)
