"""The HTTP edge: transactions, tokens, problem details (RFC 9457), paging and OpenAPI."""
