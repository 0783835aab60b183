"""Sign-in by OpenID Connect: the authorization code with PKCE, sessions that stay on the server, and sign-out."""
