"""The whole story on one machine: `make demo`, or `make demo CHECK=1` to have it played and photographed."""
