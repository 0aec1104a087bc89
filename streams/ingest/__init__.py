"""The webhook door: what is validly signed is stored, what is not leaves no trace."""
