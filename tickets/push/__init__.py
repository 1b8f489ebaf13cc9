"""Notices on technicians' phones: encrypted for the phone (RFC 8291), signed by the server (RFC 8292)."""
