"""The help desk: tickets, people, rights, knowledge base, HTTP API and server-rendered pages."""
