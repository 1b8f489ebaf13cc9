"""Mail as it comes in: parsed, recognised, trimmed and made safe to show. Pure: no database, no sockets, no clock."""
