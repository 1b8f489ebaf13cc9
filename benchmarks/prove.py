"""`python -m benchmarks.prove`, which `make prove` calls: a longer run, its table goes into docs/performance.md."""

import sys
from pathlib import Path
from typing import Final

from benchmarks import help_desk
from benchmarks.report import Line, markdown, put_into
from benchmarks.run import run, say
from benchmarks.scenes import Plan, Results

PAGE: Final = Path("docs") / "performance.md"
PLAN: Final = Plan(echo_keys=300, typed_keys=200, scroll_s=10.0, idle_s=30.0)


def write(results: Results, lines: list[Line], on: str) -> None:
    """Put the table into the page."""
    put_into(PAGE, markdown(results, lines, on, "make prove"))
    say(str(PAGE))


if __name__ == "__main__":
    sys.exit(run(PLAN, "prove", write) or help_desk.prove())
