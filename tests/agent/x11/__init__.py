"""Tests of agent.x11 on a real X server."""
