"""Every number that bounds what a client can make the switch hold or wait for."""

from dataclasses import dataclass

from protocol.envelope import FIRST_FRAME_S, HEARTBEAT_S, STALLED_WRITE_S


@dataclass(frozen=True, slots=True)
class SwitchLimits:
    """Times are seconds. The first three are part of docs/protocol; tests shorten them."""

    first_frame_s: float = FIRST_FRAME_S
    stalled_write_s: float = STALLED_WRITE_S
    heartbeat_s: float = HEARTBEAT_S
    # A user who was just told "open the program" needs about this long to have it running.
    agent_offline_s: float = 60.0
    # The gate asks a database; one that takes longer than this is down.
    admission_s: float = 10.0
    # Closing is sending one frame; a socket that does not take it is given up.
    close_s: float = 2.0
    # A client behind one address (an office, a mobile carrier) opens a few at a time and has them accepted at once.
    newcomers_per_address: int = 32
    newcomers_in_all: int = 1_024

    @property
    def sweep_s(self) -> float:
        """How often waiting and stalled sessions are looked at."""
        return min(1.0, self.agent_offline_s / 5, self.stalled_write_s / 5)
