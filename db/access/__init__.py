"""Who may come in: invites, visits, OIDC accounts, and the ASGI middleware in front of both apps."""
