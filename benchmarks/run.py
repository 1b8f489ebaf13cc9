"""One run from the command line: measure, show, write JSON."""

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.report import Line, lines_of, machine, show, write_json
from benchmarks.scenes import Plan, Results, measure
from technician_viewer.errors import ViewerError

OUT: Final = Path("bench-out")


def run(plan: Plan, name: str, use: Callable[[Results, list[Line], str], None]) -> int:
    """Measure by `plan`, write bench-out/`name`.json, show the table, hand all to `use`; return an exit status."""
    on = machine()
    try:
        with tempfile.TemporaryDirectory(prefix="towline-bench-") as folder:
            results = asyncio.run(measure(Path(folder), plan, say))
        lines = lines_of(results)
        path = OUT / f"{name}.json"
        write_json(path, results, lines, on)
        show(lines)
        say(f"\n{on}\n{path}")
        use(results, lines, on)
    except KeyboardInterrupt:
        say("Stopped; nothing was written.")
        return 130
    except (ViewerError, RuntimeError, AssertionError, OSError, ValueError) as error:
        say(f"The measurement stopped: {error}")
        return 1
    return 0


def say(text: str) -> None:
    """Print a line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
