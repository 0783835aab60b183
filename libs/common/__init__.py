"""Code common to every service: database, events, HTTP edge, identity, time. It imports no service."""
