"""Faust, and all that touches its insides: transport, recovery, transactions, the fold agent."""
