"""The append-only event log, the outbox and the notices."""
