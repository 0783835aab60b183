"""The laptop runner (`make run`): an embedded PostgreSQL, the four services on one port, and the demo."""
