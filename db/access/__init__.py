"""Who may come in: invites, browser sessions, OIDC accounts, and the ASGI middleware in front of both apps."""
