"""The help desk as web pages: rendered on the server, usable without JavaScript where that is possible."""
