"""The read model: a consumer of the update topics and of the log into SQL, positions and all."""
