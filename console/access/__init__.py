"""Who may see and change what: users, sessions, tokens, audit. Never rebuilt, so kept apart."""
