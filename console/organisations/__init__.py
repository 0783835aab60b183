"""An organisation on a day: what it was, since when and by which source, and what hangs on it in each service."""
