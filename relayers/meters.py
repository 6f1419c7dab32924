"""What operators watch: gauges of one relayer, read from its memory."""

from prometheus_client import CollectorRegistry, Gauge

from relayers.relayer import Relayer


class Meters:
    """Named after what they count; alert rules in OPERATIONS.md use them."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._final = Gauge("jgb_final_height", "Last verified final block", ["chain"], registry=registry)
        self._latest = Gauge("jgb_latest_height", "Newest block seen", ["chain"], registry=registry)
        self._live = Gauge("jgb_live_transfers", "Transfers that are not finished", ["route"], registry=registry)
        self._halted = Gauge("jgb_route_halted", "1 while a route is halted", ["route"], registry=registry)
        self._outbox = Gauge("jgb_outbox", "Effects waiting to be done", registry=registry)
        self._parked = Gauge("jgb_parked", "Outcomes whose message is not final here yet", registry=registry)
        self._foreign = Gauge("jgb_foreign_use", "Account nonces that somebody else used", ["chain"], registry=registry)
        self._refused = Gauge("jgb_refused_deliveries", "Batches that a destination refuses now", registry=registry)

    def read(self, relayer: Relayer) -> None:
        """Set every gauge."""
        memory, plan = relayer.engine.memory, relayer.engine.plan
        for chain in plan.chains.values():
            if chain.chain in memory.final:
                self._final.labels(chain.name).set(memory.final[chain.chain].height)
            self._latest.labels(chain.name).set(memory.latest.get(chain.chain, 0))
            self._foreign.labels(chain.name).set(relayer.lanes[chain.chain].foreign_use)
        live = dict.fromkeys(plan.routes, 0)
        for transfer in memory.transfers.values():
            live[transfer.route] += 1
        for route, count in live.items():
            self._live.labels(route.name).set(count)
            self._halted.labels(route.name).set(route in memory.halts)
        self._outbox.set(len(memory.effects))
        self._parked.set(len(memory.parked))
        self._refused.set(len(relayer.worker.refusals))
