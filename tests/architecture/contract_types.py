"""A contract type for import-linter that names what is allowed, so that whatever is new is forbidden."""

from typing import ClassVar, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyContract(Contract):
    """A package imports, of all root packages, only itself and the modules of `allowed`, and these import nothing else.

    The second half matters: without it a look through an allowed module would reach what is not allowed.
    """

    type_name: ClassVar[str] = "only"

    package = fields.StringField()
    allowed = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:  # noqa: ARG002
        """Return the direct imports that leave the fence."""
        package = str(self.package)
        inside = {package, *graph.find_descendants(package)}
        # A field is replaced by its parsed value when the contract is made, which its declared type does not say.
        allowed = {str(module) for module in cast("list[str]", self.allowed)}
        fence = inside | allowed
        leaving = sorted(
            (module, imported)
            for module in fence & graph.modules
            for imported in graph.find_modules_directly_imported_by(module)
            if imported not in fence
        )
        return ContractCheck(kept=not leaving, metadata={"leaving": leaving})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each import that is not allowed."""
        for importer, imported in check.metadata["leaving"]:
            output.print_error(f"- {importer} -> {imported}", bold=False)
