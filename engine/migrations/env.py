"""What Alembic runs for each command; the connection and its transaction come from the caller."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    **context.config.attributes.get("comparison", {}),
)
with context.begin_transaction():
    context.run_migrations()
