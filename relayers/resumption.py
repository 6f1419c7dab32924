"""Ends a halt: the operator has looked, and says why the route may go on."""

from bridge.adapters.config import RelayerConfig
from bridge.adapters.config.checks import CHECKPOINTS
from bridge.adapters.store import Store, Unit
from bridge.core.errors import Refuse
from bridge.core.types import Route, Timestamp
from relayers.app import SystemClock
from relayers.assembly import DATABASE


async def resume_route(config: RelayerConfig, name: str, reason: str) -> str:
    """Strike the halt of a route and have the chains read again from their start; return what was done.

    Raises Refuse if no such route is halted.
    """
    store = await Store.open(f"sqlite+aiosqlite:///{config.data_dir / DATABASE}")
    try:
        halted = {halt.route.name: halt.route for halt in await store.halts()}
        route = halted.get(name)
        if route is None:
            raise Refuse(f"route {name} is not halted: halted are {', '.join(sorted(halted)) or 'none'}")
        async with store.unit() as unit:
            strike(unit, route, reason, SystemClock().now())
        # Another chain may be home's now: it is verified again from the operator's own block.
        (config.data_dir / CHECKPOINTS).unlink(missing_ok=True)
    finally:
        await store.close()
    return f"route {name} goes on; start the daemon again"


def strike(unit: Unit, route: Route, reason: str, at: Timestamp) -> None:
    """End a halt, and forget what was read: it may be of a chain that is gone, or that providers invented.

    What was believed then must not be signed, rotation after rotation, nor stand in the way of what is true. Our
    signatures are kept: no second digest is signed for their slots.
    """
    unit.resume(route, reason, at)
    unit.forget_chains()
