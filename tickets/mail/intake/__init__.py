"""Mail that comes in: kept first, then understood, then acted on, each exactly once."""
