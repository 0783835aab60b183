"""Because of what: the chain behind a figure, an event, a request or a fact, across the services."""
