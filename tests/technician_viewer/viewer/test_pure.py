"""Runs the tests of the viewer's modules that need no page, under Node."""

import shutil
import subprocess
from pathlib import Path

FILE = Path(__file__).with_name("pure.test.mjs")


def test_under_node() -> None:
    node = shutil.which("node")
    assert node is not None, "Node.js 20 or newer is needed: run the tests with `make test`"
    done = subprocess.run(
        [node, "--test", "--test-reporter=tap", str(FILE)], capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    assert "\n# pass 0\n" not in done.stdout
