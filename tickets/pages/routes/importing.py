"""Reading technicians, requesters and articles in from CSV."""

from dataclasses import dataclass
from typing import Final

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tickets.domain.access import Action, Actor, Thing, requires
from tickets.domain.errors import Invalid
from tickets.domain.importing import COLUMNS, MAX_FILE_BYTES, ImportKind, ImportQuery
from tickets.pages import words
from tickets.pages.routing import page
from tickets.pages.site import Site

_PATH: Final = "/admin/imports"


@dataclass(frozen=True)
class Imports:
    """The pages of imports."""

    site: Site

    async def _list(
        self, request: Request, actor: Actor, fault: str = "", chosen: str = "", status: int = 200
    ) -> Response:
        found = await self.site.desk.imports.listed(actor)
        return self.site.page(
            request,
            actor,
            "admin/imports.html",
            status=status,
            items=found.items,
            kinds=[
                (each, words.IMPORT[each], ", ".join((*COLUMNS[each][0], *COLUMNS[each][1]))) for each in ImportKind
            ],
            import_words=words.IMPORT,
            values={"kind": chosen},
            faults={"file": fault} if fault else {},
            most_kb=MAX_FILE_BYTES // 1000,
        )

    @requires(Action.LIST, Thing.PEOPLE)
    async def shown(self, request: Request, actor: Actor) -> Response:
        """List imports, with the form for a new one."""
        return await self._list(request, actor)

    @requires(Action.ADD, Thing.PEOPLE)
    async def begin(self, request: Request, actor: Actor) -> Response:
        """Take a file in."""
        async with request.form(max_files=1, max_fields=4) as form:
            kind, file = str(form.get("kind", "")), form.get("file")
            if not isinstance(file, UploadFile) or not file.filename:
                return await self._list(request, actor, "Please choose a file.", kind, 422)
            if kind not in set(ImportKind):
                return await self._list(request, actor, "Please say what is in the file.", kind, 422)
            query = ImportQuery(ImportKind(kind), file.filename[:200])
            content = await file.read()
        try:
            begun = await self.site.desk.imports.begin(actor, query, content)
        except Invalid as error:
            return await self._list(request, actor, error.text, kind, 422)
        return self.site.go(f"{_PATH}/{begun.id}")

    @requires(Action.LIST, Thing.PEOPLE)
    async def one(self, request: Request, actor: Actor) -> Response:
        """Show how far an import is."""
        found = await self.site.desk.imports.get(actor, request.path_params["ident"])
        return self.site.page(request, actor, "admin/import.html", item=found, import_words=words.IMPORT)

    def routes(self) -> list[Route]:
        """Return the routes of these pages."""
        return [
            page(self.site, _PATH, self.shown, staff_only=True),
            page(self.site, _PATH, self.begin, "POST", staff_only=True),
            page(self.site, f"{_PATH}/{{ident}}", self.one, staff_only=True),
        ]
