"""The tables of a relayer's store. Migrations create them; a test holds that both agree.

Times are UTC seconds. Amounts have 128 bits and stand only inside messages; wei stand as decimal text.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    event,
    text,
)

metadata = MetaData()
_ID = BigInteger().with_variant(Integer, "sqlite")
"""SQLite numbers rows by itself only in a column of type INTEGER."""

routes = Table(
    "routes",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("source_chain", BigInteger, nullable=False),
    Column("source_gateway", LargeBinary, nullable=False),
    Column("destination_chain", BigInteger, nullable=False),
    Column("destination_gateway", LargeBinary, nullable=False),
    UniqueConstraint(
        "source_chain", "source_gateway", "destination_chain", "destination_gateway", name="routes_by_ends"
    ),
)

cursors = Table(
    "cursors",
    metadata,
    Column("chain", BigInteger, primary_key=True, autoincrement=False),
    Column("height", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("time", BigInteger, nullable=False),
)

journal = Table(
    "journal",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("chain", BigInteger, nullable=False),
    Column("height", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # JSON, see `entries`.
    Column("facts", LargeBinary, nullable=False),
)

transfers = Table(
    "transfers",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("leaf", LargeBinary, nullable=False),
    Column("route", _ID, ForeignKey("routes.id"), nullable=False),
    Column("nonce", BigInteger, nullable=False),
    # ABI encoding of the message: amounts have 128 bits.
    Column("message", LargeBinary, nullable=False),
    Column("state", Text, nullable=False),
    # Follows from the state; the partial index needs a plain column.
    Column("live", Boolean, nullable=False),
    # A place is a height and the rest of it, packed, see `rows`.
    Column("source_height", BigInteger, nullable=False),
    Column("source", LargeBinary, nullable=False),
    Column("first_nonce", BigInteger),
    Column("epoch", BigInteger),
    Column("included_height", BigInteger),
    Column("included", LargeBinary),
    Column("destination_height", BigInteger),
    Column("destination", LargeBinary),
    Column("reason", Integer),
    Column("return_leaf", LargeBinary),
    Index("transfers_by_leaf", "leaf", unique=True),
    Index("transfers_by_nonce", "route", "nonce"),
    Index("transfers_live", "route", "nonce", sqlite_where=text("live"), postgresql_where=text("live")),
)

batches = Table(
    "batches",
    metadata,
    Column("route", _ID, ForeignKey("routes.id"), primary_key=True, autoincrement=False),
    Column("first_nonce", BigInteger, primary_key=True, autoincrement=False),
    Column("size", Integer, nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("source_height", BigInteger, nullable=False),
    Column("source_hash", LargeBinary, nullable=False),
    Column("source_time", BigInteger, nullable=False),
)

attestations = Table(
    "attestations",
    metadata,
    Column("slot", LargeBinary, primary_key=True),
    Column("digest", LargeBinary, primary_key=True),
    Column("signer", LargeBinary, primary_key=True),
    Column("signature", LargeBinary, nullable=False),
    Column("height", BigInteger, nullable=False),
    Column("place", LargeBinary, nullable=False),
)

signatures = Table(
    "signatures",
    metadata,
    Column("slot", LargeBinary, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("route", _ID, ForeignKey("routes.id"), nullable=False),
    Column("first_nonce", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("posted", Boolean, nullable=False),
    Index("signatures_by_batch", "route", "first_nonce"),
    Index("signatures_unposted", "posted", sqlite_where=text("NOT posted"), postgresql_where=text("NOT posted")),
)

effects = Table(
    "effects",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("route", _ID, ForeignKey("routes.id"), primary_key=True, autoincrement=False),
    Column("first_nonce", BigInteger, primary_key=True, autoincrement=False),
    Column("epoch", BigInteger, primary_key=True, autoincrement=False),
    # Empty for effects on batches.
    Column("leaf", LargeBinary, primary_key=True),
    Column("due", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
)

parked = Table(
    "parked",
    metadata,
    Column("leaf", LargeBinary, primary_key=True),
    Column("height", BigInteger, primary_key=True, autoincrement=False),
    Column("place", LargeBinary, primary_key=True),
    Column("route", _ID, ForeignKey("routes.id"), nullable=False),
    Column("source_height", BigInteger, nullable=False),
    Column("outcome", LargeBinary, nullable=False),
)

halts = Table(
    "halts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("route", _ID, ForeignKey("routes.id"), nullable=False),
    Column("why", Text, nullable=False),
    Column("evidence", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("resumed_at", BigInteger),
    Column("resumed_because", Text),
)

intents = Table(
    "intents",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("chain", BigInteger, nullable=False),
    Column("purpose", LargeBinary, nullable=False),
    Column("call_to", LargeBinary, nullable=False),
    # Emptied at the end: the chain has it.
    Column("call_data", LargeBinary, nullable=False),
    Column("gas", BigInteger, nullable=False),
    Column("account", LargeBinary),
    Column("nonce", BigInteger),
    Column("ending", Text),
    Column("reason", Text),
    Index("intents_open", "chain", "id", sqlite_where=text("ending IS NULL"), postgresql_where=text("ending IS NULL")),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", _ID, primary_key=True),
    Column("intent", _ID, ForeignKey("intents.id"), nullable=False),
    Column("chain", BigInteger, nullable=False),
    Column("nonce", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # Emptied when the intent ends, or the account nonce is lost.
    Column("raw", LargeBinary, nullable=False),
    Column("max_fee", Text, nullable=False),
    Column("priority_fee", Text, nullable=False),
    Column("cost", Text, nullable=False),
    # Days since 1970-01-01.
    Column("day", Integer, nullable=False),
    Column("sent_at", BigInteger),
    # Somebody else used the account nonce, or no node took it.
    Column("abandoned", Boolean, nullable=False),
    Index("attempts_by_intent", "intent"),
    Index("attempts_by_day", "chain", "day"),
)

tallies = Table(
    "tallies",
    metadata,
    Column("name", Text, primary_key=True),
    # Rows that were ever kept in the table of that name; of `parked`, those that nobody has taken out.
    Column("kept", BigInteger, nullable=False),
)

TALLIED: Final = (
    routes,
    transfers,
    batches,
    attestations,
    signatures,
    parked,
    halts,
    intents,
    attempts,
)
"""Tables that lose nothing by themselves, so that fewer rows than the tally says are a loss.

Of the others, cursors that are lost are read again, effects follow from the states of transfers, and the journal may be
cut short by anyone who wants the room.
"""

READ_FROM_CHAINS: Final = (cursors, journal, effects, parked, attestations, transfers, batches)
"""Tables whose rows the chains say again, or that follow from these."""


def tally(table: str) -> tuple[str, str]:
    """Return the statements that begin to count a table's rows."""
    counted = f"UPDATE tallies SET kept = kept + 1 WHERE name = '{table}'"  # noqa: S608 - a name of ours
    return (
        f"INSERT INTO tallies SELECT '{table}', count(*) FROM {table}",  # noqa: S608 - the same
        f"CREATE TRIGGER {table}_tallied AFTER INSERT ON {table} BEGIN {counted}; END",
    )


@event.listens_for(metadata, "after_create")
def _count(_: MetaData, connection: Connection, **__: Any) -> None:  # noqa: ANN401 - SQLAlchemy's own
    for table in TALLIED:
        for statement in tally(table.name):
            connection.exec_driver_sql(statement)
