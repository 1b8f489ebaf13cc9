"""The server an admin runs: meets agents and viewers under a tracking number and moves sealed records."""
