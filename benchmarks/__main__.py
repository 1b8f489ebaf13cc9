"""`python -m benchmarks`, which `make bench` calls: a short run, about a minute."""

import sys

from benchmarks.run import run
from benchmarks.scenes import Plan

if __name__ == "__main__":
    sys.exit(run(Plan(), "bench", lambda *_: None))
