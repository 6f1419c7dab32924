"""Ends a halt: the operator has looked, and says why the route may go on."""

from bridge.adapters.config import RelayerConfig
from bridge.adapters.config.checks import CHECKPOINTS
from bridge.adapters.store import Store
from bridge.core.errors import Refuse
from bridge.core.types import ChainId, Route
from relayers.app import SystemClock
from relayers.assembly import DATABASE


async def resume_route(config: RelayerConfig, name: str, reason: str) -> str:
    """Strike the halt of a route and read its chains again from their start; return what was done.

    Reading again is safe: what is known is an echo, and a signature once given for a slot is never given for
    another digest. Raises Refuse if no such route is halted.
    """
    store = await Store.open(f"sqlite+aiosqlite:///{config.data_dir / DATABASE}")
    try:
        halted = {halt.route.name: halt.route for halt in await store.halts()}
        route = halted.get(name)
        if route is None:
            raise Refuse(f"route {name} is not halted: halted are {', '.join(sorted(halted)) or 'none'}")
        async with store.unit() as unit:
            unit.resume(route, reason, SystemClock().now())
            unit.forget_cursors(_chains_of(route))
        # Another chain may be home's now: it is verified again from the operator's own block.
        (config.data_dir / CHECKPOINTS).unlink(missing_ok=True)
    finally:
        await store.close()
    return f"route {name} goes on; start the daemon again"


def _chains_of(route: Route) -> tuple[ChainId, ChainId]:
    return route.source_chain, route.destination_chain
