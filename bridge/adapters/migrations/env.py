"""Alembic's entry: runs the migrations on the connection that `migrate` has opened."""

from alembic import context

from bridge.adapters.migrations import VERSION_TABLE

context.configure(connection=context.config.attributes["connection"], version_table=VERSION_TABLE)
context.run_migrations()
