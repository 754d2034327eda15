"""Alembic's migrations of the label store; `database.open_database` runs them."""
