"""How many rows were ever kept, so that a database that has lost some is known at its next start."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TALLIED = (
    "routes",
    "transfers",
    "batches",
    "attestations",
    "signatures",
    "parked",
    "halts",
    "intents",
    "attempts",
)


def upgrade() -> None:
    """Count what is there, and have the database count what comes."""
    op.create_table(
        "tallies",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("kept", sa.BigInteger, nullable=False),
    )
    for table in _TALLIED:
        op.execute(f"INSERT INTO tallies SELECT '{table}', count(*) FROM {table}")  # noqa: S608 - a name of ours
        op.execute(
            f"CREATE TRIGGER {table}_tallied AFTER INSERT ON {table} "  # noqa: S608 - the same
            f"BEGIN UPDATE tallies SET kept = kept + 1 WHERE name = '{table}'; END"
        )


def downgrade() -> None:
    """Count no more."""
    for table in _TALLIED:
        op.execute(f"DROP TRIGGER {table}_tallied")
    op.drop_table("tallies")
