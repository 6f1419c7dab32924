"""The parts of one relayer and how they take turns. No loop, no clock: `app` drives it, and so do tests."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass

from bridge.adapters.store import Store
from bridge.adapters.txlane import Lane
from bridge.core.errors import Halt, Retry
from bridge.core.ports import Faults
from bridge.core.types import ChainId, Route
from relayers.engine import Engine
from relayers.observer import Observer
from relayers.worker import Worker


@dataclass
class Relayer:
    """One daemon's parts. Every method may be interrupted anywhere and repeated."""

    engine: Engine
    observers: Mapping[ChainId, Observer]
    worker: Worker
    lanes: Mapping[ChainId, Lane]
    store: Store
    faults: Faults

    async def start(self) -> None:
        """Load what the store holds."""
        await self.engine.refresh()

    async def observe(self, chain: ChainId) -> bool:
        """Let one observer step; return whether it has more to do at once.

        A chain whose final block has changed halts every route that touches it, until an operator resumes them.
        """
        if self.is_stopped(chain):
            return False
        part = f"observer {self.engine.plan.chains[chain].name}"
        try:
            more = await self.observers[chain].tick()
        except Retry as fault:
            self.faults.failed(part, fault)
            return False
        except Halt as fault:
            self.faults.failed(part, fault)
            await self.engine.halt(self.engine.plan.touching(chain), fault.reason, fault.evidence)
            return False
        self.faults.worked(part)
        return more

    async def work(self) -> bool:
        """Sign what is final; return whether home's lane may have got something to send."""
        return await self._carried_out("worker", self.worker.tick())

    async def deliver(self, chain: ChainId) -> bool:
        """Deliver to one chain what is due there; return whether its lane may have got something to send."""
        return await self._carried_out(f"delivery {self.engine.plan.chains[chain].name}", self.worker.deliver(chain))

    async def _carried_out(self, part: str, work: Awaitable[bool]) -> bool:
        try:
            was_due = await work
        except Retry as fault:
            self.faults.failed(part, fault)
        except Halt as fault:
            self.faults.failed(part, fault)
            await self.engine.halt(self._routes_in(fault), fault.reason, fault.evidence)
        else:
            self.faults.worked(part)
            return was_due
        return True

    async def send(self, chain: ChainId) -> bool:
        """Let one lane send, watch and replace its transactions; return whether it has more to do soon."""
        final = self.engine.memory.final.get(chain)
        if final is None:
            return True
        part = f"lane {self.engine.plan.chains[chain].name}"
        try:
            report = await self.lanes[chain].tick(final.height)
        except Retry as fault:
            self.faults.failed(part, fault)
            return True
        if report.blocked_reason:
            self.faults.failed(part, Retry(report.blocked_reason))
        else:
            self.faults.worked(part)
        return report.in_flight + report.queued > 0

    async def turn(self) -> None:
        """Give every part one turn. Tests use it; the daemon gives each part a loop of its own."""
        for chain in self.observers:
            while await self.observe(chain):
                pass
        await self.work()
        for chain in self.lanes:
            await self.deliver(chain)
            await self.send(chain)

    def is_stopped(self, chain: ChainId) -> bool:
        """Tell whether every route that touches a chain is halted."""
        return all(route in self.engine.memory.halts for route in self.engine.plan.touching(chain))

    def _routes_in(self, fault: Halt) -> list[Route]:
        named = [route for route in self.engine.plan.routes if route.name == fault.evidence.get("route")]
        return named or list(self.engine.plan.routes)
