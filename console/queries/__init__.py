"""What pages and API ask the read model; each answer a frozen dataclass."""
