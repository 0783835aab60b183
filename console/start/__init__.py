"""The start page: search, what waits for the signed-in person, what changes next, and what is true today."""
