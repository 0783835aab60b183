"""People: an opaque id for events, and a name that those who need it read, on the record."""
