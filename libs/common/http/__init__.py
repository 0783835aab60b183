"""The HTTP edge: one transaction a command, tokens, problems (RFC 9457), pages, OpenAPI."""
