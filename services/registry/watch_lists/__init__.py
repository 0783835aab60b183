"""Watch lists: codes that a caller follows, and what changed of them. Publishes nothing."""
