"""Mail that goes out: what is said when, where it waits, and how it is sent."""
