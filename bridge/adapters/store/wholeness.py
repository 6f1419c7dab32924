"""Has a database lost rows? A relayer that went on without them would never know what it does not know."""

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bridge.adapters.store import schema


async def losses(connection: AsyncConnection) -> list[str]:
    """Return a sentence for every table that holds other than what was ever kept in it."""
    kept = {row.name: row.kept for row in await connection.execute(select(schema.tallies))}
    found = {table.name: await connection.scalar(select(func.count()).select_from(table)) for table in schema.TALLIED}
    return [
        f"{rows} rows of {name} where {kept.get(name, 'nobody knows how many')} were kept"
        for name, rows in found.items()
        if rows != kept.get(name)
    ]
