"""Run by alembic: upgrades the connection that `engine.migrate` hands over, inside that one's transaction."""

from __future__ import annotations

from alembic import context

from components.adapters.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
