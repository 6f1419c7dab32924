"""A relayer is killed at a boundary, as a power cut would, and started again: nothing is lost, nothing done twice.

Relayer 4 rests meanwhile: without the one that dies there is no quorum.
"""

import signal
from http import HTTPStatus

import psutil  # type: ignore[import-untyped]
import pytest

from bridge.cli.accounting import read_books
from bridge.core.boundaries import Boundary
from bridge.core.events import Dispatched
from bridge.core.transfers import State
from bridge.core.types import Address, Leaf
from tests.e2e.people import LOT, People, stranger, until
from tests.e2e.running import Running, death_of

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("three_relayers")]
VICTIM, WITNESS = "relayer-1", "relayer-2"
PASSINGS = {
    Boundary.OBSERVE_BEFORE_COMMIT: 6,  # the first are of blocks that were mined while it was away
    Boundary.SIGN_AFTER: 1,
    Boundary.ATTEST_AFTER_COMMIT: 1,
    Boundary.POST_BEFORE_BROADCAST: 1,
    Boundary.POST_AFTER_BROADCAST: 1,
    Boundary.SUBMIT_AFTER_COMMIT: 1,
    Boundary.DELIVER_AFTER_BROADCAST: 1,
    Boundary.OUTCOME_BEFORE_COMMIT: 2,
}
LONGEST_STORY = 40
SECONDS_BETWEEN_LOCKS = 2.0


@pytest.mark.parametrize(("boundary", "passing"), PASSINGS.items(), ids=lambda value: getattr(value, "value", value))
async def test_a_relayer_killed_at_a_boundary_goes_on_where_it_was(
    running: Running, people: People, boundary: Boundary, passing: int
) -> None:
    payee = stranger()
    await running.stop(VICTIM, kill=True)
    victim = running.begin(VICTIM, "--crash-at", f"{boundary.value}:{passing}")
    leaves, ending = await _lock_until_death(people, victim, payee)
    assert ending == -signal.SIGKILL
    await running.start(VICTIM)
    await people.are_executed(leaves)
    assert await people.executions(leaves) == [1] * len(leaves)
    assert await people.balance(people.remote(0), people.wrapped(0), payee) == LOT * len(leaves)
    assert (await read_books(people.network))["ok"]


async def test_in_the_end_everything_is_final_and_who_died_knows_as_much_as_who_did_not(
    running: Running, people: People
) -> None:
    await people.settle()
    sent = [
        fact.leaf
        for chain in people.tracer.chains.values()
        for fact in await people.facts(chain)
        if isinstance(fact, Dispatched)
    ]
    states = await people.states(sent)
    executed = [leaf for leaf in sent if states[leaf] is State.EXECUTED]
    assert len(executed) >= len(PASSINGS)
    assert await people.executions(executed) == [1] * len(executed)
    assert await people.nobody_signed_twice()

    async def agree() -> bool:
        return len({(await running.ask(name, "/digest"))[1]["state_digest"] for name in (VICTIM, WITNESS)}) == 1

    await until(agree, f"{VICTIM} and {WITNESS} agree")
    assert (await running.ask(VICTIM, "/healthz"))[0] == HTTPStatus.OK


async def _lock_until_death(people: People, victim: psutil.Process, payee: Address) -> tuple[list[Leaf], int]:
    """Lock again and again until the victim dies: whose turn it is to deliver a batch is decided by its root.

    Return the transfers, and how it died.
    """
    leaves: list[Leaf] = []
    while len(leaves) < LONGEST_STORY:
        leaves += await people.lock(LOT, recipient=payee)
        ending = await death_of(victim, SECONDS_BETWEEN_LOCKS)
        if ending is not None:
            return leaves, ending
    pytest.fail("it does not die")
