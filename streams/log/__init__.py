"""The log and its broker: topics in one table, clients, CloudEvents headers, the embedded Kafka."""
