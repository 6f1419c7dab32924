"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create everything."""
    _create_chains()
    _create_transfers()
    _create_signatures()
    _create_outbox()
    _create_lanes()


def downgrade() -> None:
    """Drop everything, what refers to others first."""
    for table in ("attempts", "intents", "halts", "parked", "effects", "signatures", "attestations"):
        op.drop_table(table)
    for table in ("batches", "transfers", "journal", "cursors", "routes"):
        op.drop_table(table)


def _create_chains() -> None:
    op.create_table(
        "routes",
        sa.Column("id", _ID, primary_key=True),
        _number("source_chain"),
        _bytes("source_gateway"),
        _number("destination_chain"),
        _bytes("destination_gateway"),
        sa.UniqueConstraint(
            "source_chain", "source_gateway", "destination_chain", "destination_gateway", name="routes_by_ends"
        ),
    )
    op.create_table("cursors", _key("chain"), _number("height"), _bytes("hash"), _number("time"))
    op.create_table(
        "journal",
        sa.Column("id", _ID, primary_key=True),
        _number("chain"),
        _number("height"),
        _bytes("hash"),
        _bytes("facts"),
    )


def _create_transfers() -> None:
    op.create_table(
        "transfers",
        sa.Column("id", _ID, primary_key=True),
        _bytes("leaf"),
        _route(),
        _number("nonce"),
        _bytes("message"),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("live", sa.Boolean, nullable=False),
        _number("source_height"),
        _bytes("source"),
        sa.Column("first_nonce", sa.BigInteger),
        sa.Column("epoch", sa.BigInteger),
        sa.Column("included_height", sa.BigInteger),
        sa.Column("included", sa.LargeBinary),
        sa.Column("destination_height", sa.BigInteger),
        sa.Column("destination", sa.LargeBinary),
        sa.Column("reason", sa.Integer),
        sa.Column("return_leaf", sa.LargeBinary),
    )
    op.create_index("transfers_by_leaf", "transfers", ["leaf"], unique=True)
    op.create_index("transfers_by_nonce", "transfers", ["route", "nonce"])
    _create_partial_index("transfers_live", "transfers", ["route", "nonce"], "live")
    op.create_table(
        "batches",
        _route(key=True),
        _key("first_nonce"),
        sa.Column("size", sa.Integer, nullable=False),
        _bytes("root"),
        _number("source_height"),
        _bytes("source_hash"),
        _number("source_time"),
    )


def _create_signatures() -> None:
    op.create_table(
        "attestations",
        sa.Column("slot", sa.LargeBinary, primary_key=True),
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("signer", sa.LargeBinary, primary_key=True),
        _bytes("signature"),
        _number("height"),
        _bytes("place"),
    )
    op.create_table(
        "signatures",
        sa.Column("slot", sa.LargeBinary, primary_key=True),
        _bytes("digest"),
        _bytes("signature"),
        _route(),
        _number("first_nonce"),
        _number("epoch"),
        sa.Column("posted", sa.Boolean, nullable=False),
    )
    op.create_index("signatures_by_batch", "signatures", ["route", "first_nonce"])
    _create_partial_index("signatures_unposted", "signatures", ["posted"], "NOT posted")


def _create_outbox() -> None:
    op.create_table(
        "effects",
        sa.Column("kind", sa.Text, primary_key=True),
        _route(key=True),
        _key("first_nonce"),
        _key("epoch"),
        sa.Column("leaf", sa.LargeBinary, primary_key=True),
        _number("due"),
        sa.Column("attempts", sa.Integer, nullable=False),
    )
    op.create_table(
        "parked",
        sa.Column("leaf", sa.LargeBinary, primary_key=True),
        _key("height"),
        sa.Column("place", sa.LargeBinary, primary_key=True),
        _route(),
        _number("source_height"),
        _bytes("outcome"),
    )
    op.create_table(
        "halts",
        sa.Column("id", _ID, primary_key=True),
        _route(),
        sa.Column("why", sa.Text, nullable=False),
        _bytes("evidence"),
        _number("at"),
        sa.Column("resumed_at", sa.BigInteger),
        sa.Column("resumed_because", sa.Text),
    )


def _create_lanes() -> None:
    op.create_table(
        "intents",
        sa.Column("id", _ID, primary_key=True),
        _number("chain"),
        _bytes("purpose"),
        _bytes("call_to"),
        _bytes("call_data"),
        _number("gas"),
        sa.Column("account", sa.LargeBinary),
        sa.Column("nonce", sa.BigInteger),
        sa.Column("ending", sa.Text),
        sa.Column("reason", sa.Text),
    )
    _create_partial_index("intents_open", "intents", ["chain", "id"], "ending IS NULL")
    op.create_table(
        "attempts",
        sa.Column("id", _ID, primary_key=True),
        sa.Column("intent", _ID, sa.ForeignKey("intents.id"), nullable=False),
        _number("chain"),
        _number("nonce"),
        _bytes("hash"),
        _bytes("raw"),
        sa.Column("max_fee", sa.Text, nullable=False),
        sa.Column("priority_fee", sa.Text, nullable=False),
        sa.Column("cost", sa.Text, nullable=False),
        sa.Column("day", sa.Integer, nullable=False),
        sa.Column("sent_at", sa.BigInteger),
        sa.Column("abandoned", sa.Boolean, nullable=False),
    )
    op.create_index("attempts_by_intent", "attempts", ["intent"])
    op.create_index("attempts_by_day", "attempts", ["chain", "day"])


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _bytes(name: str) -> sa.Column[bytes]:
    return sa.Column(name, sa.LargeBinary, nullable=False)


def _key(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, primary_key=True, autoincrement=False)


def _route(*, key: bool = False) -> sa.Column[int]:
    return sa.Column("route", _ID, sa.ForeignKey("routes.id"), primary_key=key, nullable=False, autoincrement=False)


def _create_partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
