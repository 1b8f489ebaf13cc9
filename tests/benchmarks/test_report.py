"""The measuring tools: numbers in pictures, percentiles, the table and its place in the page."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.marks import CELL_PX, WIDTH, cells_of, read_number
from benchmarks.meter import Cost
from benchmarks.report import BEGIN, END, lines_of, markdown, percentile, put_into
from benchmarks.scenes import Plan, Results


def results(**changed: object) -> Results:
    """Return what a perfect product would give."""
    cost = Cost(5.0, 1_000, 500, {"agent": 0.0, "relay": 0.0, "X server": 0.0, "viewer": 0.0}, 0.001)
    values: dict[str, object] = {
        "plan": Plan(),
        "floor": [0.001] * 60,
        "echo": [0.005] * 60,
        "echo_cost": cost,
        "typing_cost": cost,
        "scroll_drawn": 75,
        "scroll_stale": [0.01] * 75,
        "scroll_gap": 0.067,
        "scroll_exact": 1.0,
        "scroll_cost": cost,
        "idle_cost": Cost(5.0, 100, 100, dict(cost.cpu_s)),
    }
    return Results(**{**values, **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize("number", [0, 1, 255, 40_000, 65_535])
def test_numbers_survive_a_picture(number: int) -> None:
    picture = np.zeros((60, 200, 4), np.uint8)
    for x, white in cells_of(number):
        picture[20 : 20 + CELL_PX, 30 + x : 30 + x + CELL_PX] = 255 if white else 0
    assert read_number(picture, 30, 20) == number
    assert read_number(picture[:10, : WIDTH // 2], 30, 20) == 0


def test_percentile() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert (percentile(values, 0.5), percentile(values, 0.95), percentile(values, 1.0)) == (50, 95, 100)
    assert percentile([7.0], 0.95) == 7.0
    assert np.isnan(percentile([], 0.5))


def test_targets_are_met_and_missed() -> None:
    assert [line for line in lines_of(results()) if line.met is False] == []
    slow = lines_of(results(echo=[0.02] * 60, scroll_exact=0.999))
    missed = [(line.scene, line.what) for line in slow if line.met is False]
    assert missed == [
        ("echo", "key to picture, median, ms"),
        ("echo", "key to picture, 95th percentile, ms"),
        ("scrolling", "pixels exact afterwards"),
    ]
    assert ("median, times that without the product", "20.0") in {(line.what, line.value) for line in slow}


def test_the_table_replaces_the_one_before(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"head\n{BEGIN}\nold\n{END}\ntail\n", encoding="utf-8")
    done = results()
    put_into(page, markdown(done, lines_of(done), "a machine", "make prove"))
    put_into(page, markdown(done, lines_of(done), "a machine", "make prove"))
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"head\n{BEGIN}\n")
    assert text.endswith(f"\n{END}\ntail\n")
    assert "old" not in text
    assert text.count("a machine") == 1
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(ValueError, match="markers"):
        put_into(page, "x")
