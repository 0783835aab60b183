"""What every service stands on: database, events, edge, identity, time. It knows no service."""
