"""The figures as a table for the terminal, as JSON, and as Markdown for docs/performance.md."""

import dataclasses
import datetime as dt
import json
import math
import os
import platform
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from benchmarks.meter import Cost
from benchmarks.scenes import TYPING_HZ, Results

BEGIN: Final = "<!-- measured: begin -->"
TABLE_WIDTH: Final = 140
END: Final = "<!-- measured: end -->"


@dataclass(frozen=True)
class Line:
    """One figure as text, its target, and whether that is met; None: there is no target."""

    scene: str
    what: str
    value: str
    target: str = ""
    met: bool | None = None


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that `share` of the values do not exceed."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else math.nan


def lines_of(results: Results) -> list[Line]:
    """Return every figure."""
    lines = [*_delays("echo without the product", results.floor), *_echo(results)]
    keys = results.plan.typed_keys
    typing = results.typing_cost
    lines += [
        _below("typing", "bytes a key to the viewer", typing.down_bytes / keys, 300),
        _below("typing", "bytes a key to the agent", typing.up_bytes / keys, 200),
        _cpu("typing", typing),
    ]
    scroll, seconds = results.scroll_cost, results.plan.scroll_s
    per_s = results.scroll_cost.down_bytes / seconds
    lines += [
        Line("scrolling", "pictures seen of drawn", f"{len(results.scroll_stale)} of {results.scroll_drawn}"),
        *_delays("scrolling", results.scroll_stale, 24, 32, "drawn to seen"),
        Line("scrolling", "longest gap, ms", f"{1_000 * results.scroll_gap:.0f}"),
        _below("scrolling", "MB a second to the viewer", per_s / 1e6, 0.2, digits=3),
        Line("scrolling", "bytes a second to the agent", f"{scroll.up_bytes / seconds:.0f}"),
        Line(
            "scrolling",
            "pixels exact afterwards",
            f"{100 * results.scroll_exact:.4g} %",
            "100 %",
            results.scroll_exact == 1.0,
        ),
        _cpu("scrolling", scroll),
    ]
    idle = results.idle_cost
    both = 100 * (idle.cpu_s["agent"] + idle.cpu_s["X server"]) / idle.took_s
    lines += [
        _below("idle", "agent and X server, % of a processor", both, 0.6, digits=2),
        _below("idle", "bytes a second, both ways", (idle.down_bytes + idle.up_bytes) / idle.took_s, 100),
        _cpu("idle", idle),
    ]
    return lines


def _echo(results: Results) -> list[Line]:
    ratio = statistics.median(results.echo) / statistics.median(results.floor)
    pause_s = results.echo_cost.pause_s or 0.0
    return [
        *_delays("echo", results.echo, 9, 12, "key to picture"),
        Line("echo", "median, times that without the product", f"{ratio:.1f}"),
        Line("echo", "longest pause of the viewer's loop, ms", f"{1_000 * pause_s:.1f}"),
        _cpu("echo", results.echo_cost),
    ]


def _delays(
    scene: str, delays: Sequence[float], median: float = 0, p95: float = 0, what: str = "key to picture"
) -> list[Line]:
    return [
        _below(scene, f"{what}, median, ms", 1_000 * percentile(delays, 0.5), median, digits=1),
        _below(scene, f"{what}, 95th percentile, ms", 1_000 * percentile(delays, 0.95), p95, digits=1),
    ]


def _below(scene: str, what: str, value: float, most: float, *, digits: int = 0) -> Line:
    text = f"{value:.{digits}f}"
    return Line(scene, what, text, f"< {most:g}", value < most) if most else Line(scene, what, text)


def _cpu(scene: str, cost: Cost) -> Line:
    spent = ", ".join(f"{name} {seconds:.2f}" for name, seconds in cost.cpu_s.items())
    return Line(scene, f"processor seconds in {cost.took_s:.1f} s", spent)


def machine() -> str:
    """Return what the figures were measured on, in one line."""
    release = ".".join(platform.release().split(".")[:2])
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return (
        f"{model}, {os.cpu_count()} processors, {platform.system()} {release}, "
        f"Python {platform.python_version()}, load {os.getloadavg()[0]:.1f} at the start"
    )


def show(lines: list[Line]) -> None:
    """Print the table."""
    table = Table(box=None, pad_edge=False)
    for heading in ("scene", "figure", "value", "target"):
        table.add_column(heading, justify="right" if heading == "target" else "left")
    before = ""
    for line in lines:
        mark = "" if line.met is None else (" met" if line.met else " [red]missed[/red]")
        table.add_row(line.scene if line.scene != before else "", line.what, line.value, line.target + mark)
        before = line.scene
    console = Console()
    # Where nobody looks (a pipe, a log) there is no width to keep to.
    (console if console.is_terminal else Console(width=TABLE_WIDTH)).print(table)


def write_json(path: Path, results: Results, lines: list[Line], on: str) -> None:
    """Write everything that was measured."""
    value: dict[str, Any] = {
        "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "machine": on,
        "typing_hz": TYPING_HZ,
        "figures": [dataclasses.asdict(line) for line in lines],
        "results": dataclasses.asdict(results),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def markdown(results: Results, lines: list[Line], on: str, command: str) -> str:
    """Return the section for docs/performance.md."""
    plan = results.plan
    scope = (
        f"{plan.echo_keys} keys of echo, {plan.typed_keys} typed at {TYPING_HZ} a second, {plan.scroll_s:g} s of "
        f"scrolling at 1200 by 900 pixels, {plan.idle_s:g} s of nothing; screen 1920 by 1080."
    )
    rows = [
        f"| {line.scene} | {line.what} | {line.value} | {line.target}{_mark(line)} |".replace("  |", " |")
        for line in lines
    ]
    return "\n".join(
        (
            BEGIN,
            "",
            f"Written by `{command}` on {dt.datetime.now(dt.UTC).date().isoformat()}: {on}.",
            scope,
            "",
            "| scene | figure | value | target |",
            "|---|---|---|---|",
            *rows,
            "",
            END,
        )
    )


def _mark(line: Line) -> str:
    if line.met is None:
        return ""
    return ", met" if line.met else ", **missed**"


def put_into(page: Path, section: str, first: str = BEGIN, last: str = END) -> None:
    """Replace what stands between two markers of a page. Raises ValueError when they are missing."""
    text = page.read_text(encoding="utf-8")
    head, begin, rest = text.partition(first)
    _, end, tail = rest.partition(last)
    if not begin or not end:
        raise ValueError(f"{page} has lost its markers {first} and {last}: put them back.")
    page.write_text(head + section + tail, encoding="utf-8")
