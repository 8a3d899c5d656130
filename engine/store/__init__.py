"""The store: one PostgreSQL, the tamper-evident trail, encrypted columns, the outbox."""
