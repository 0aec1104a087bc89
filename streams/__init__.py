"""What moves the events: ingest -> log -> worker (fold, projections) -> update topics.

Reading order: ingest, log, pipeline, fold, worker.
`schemas` says what flows, `projections` what it means.
"""
