"""What a mutant is."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One security check switched off: in `file`, `find` becomes `replace`; `test` is a pytest node id."""

    name: str
    file: str
    find: str
    replace: str
    test: str
