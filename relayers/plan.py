"""What a relayer works on: its chains, their routes, and itself. Read once at start-up, never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bridge.core.batches import domain_separator, window_end
from bridge.core.types import Address, ChainId, Domain, Hash32, Height, Route, Windowing


@dataclass(frozen=True, slots=True)
class ChainPlan:
    """One chain as this relayer follows it."""

    chain: ChainId
    name: str
    gateway: Address
    start_height: Height
    """The first block that can hold an event of the deployment."""
    is_home: bool


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """One direction: how its messages become batches, and in which domain they are signed."""

    route: Route
    windowing: Windowing
    separator: Hash32


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything a relayer was configured for."""

    signer: Address
    home: ChainId
    chains: Mapping[ChainId, ChainPlan]
    routes: Mapping[Route, RoutePlan]

    def outbound(self, chain: ChainId) -> Iterable[RoutePlan]:
        """Return the routes whose source is `chain`."""
        return (plan for plan in self.routes.values() if plan.route.source_chain == chain)

    def touching(self, chain: ChainId) -> Iterable[Route]:
        """Return the routes that begin or end at `chain`."""
        return (route for route in self.routes if chain in (route.source_chain, route.destination_chain))

    def window_end(self, route: Route, height: Height) -> Height:
        """Return the last height of the window of a route that `height` lies in."""
        return window_end(height, self.routes[route].windowing)


def plan_of(
    signer: Address,
    home_genesis: Hash32,
    chains: Iterable[ChainPlan],
    windowings: Mapping[tuple[ChainId, ChainId], Windowing],
) -> Plan:
    """Lay out a route each way between home and every remote chain.

    `windowings` maps (source chain, destination chain) to what the source gateway says.
    """
    by_id = {chain.chain: chain for chain in chains}
    (home,) = (chain for chain in by_id.values() if chain.is_home)
    routes = {}
    for remote in by_id.values():
        if remote.is_home:
            continue
        outward = Route(home.chain, home.gateway, remote.chain, remote.gateway)
        for route in (outward, outward.reversed()):
            domain = Domain(route.destination_chain, route.destination_gateway, home_genesis)
            windowing = windowings[route.source_chain, route.destination_chain]
            routes[route] = RoutePlan(route, windowing, domain_separator(domain))
    return Plan(signer, home.chain, by_id, routes)
