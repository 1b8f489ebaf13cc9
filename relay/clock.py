"""The clock of a real server."""

import time


class SystemClock:
    """Monotonic and wall time of this machine."""

    def now(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def at(self) -> float:
        """Seconds since 1970 UTC."""
        return time.time()
