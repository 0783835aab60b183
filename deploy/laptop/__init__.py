"""The laptop runner: an own PostgreSQL, the four services on one port, the demo (`make run`)."""
