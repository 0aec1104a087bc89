"""What the console changes: settings, connections, dead letters; each leaves an audit record."""
