"""The HTTP API of docs/http-api.md."""
