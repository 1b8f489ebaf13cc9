"""What both ends of a session agree on: bytes and values, no sockets, clocks, threads or files."""

__version__ = "0.1.0"
