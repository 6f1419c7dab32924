"""Home is believed by its seals alone: what validators and providers may do to it, and what comes of it."""

import asyncio
from contextlib import suppress

import pytest

from bridge.adapters.ledger import SealedReader
from bridge.adapters.ledger.sealed import STEP
from bridge.core.errors import Halt, Retry
from bridge.core.types import Height
from tests.faults.scene import Readers, follow, mined, newest

pytestmark = pytest.mark.faults


async def verified(reader: SealedReader) -> Height:
    """Return how far a reader comes in a few looks."""
    for _ in range(4):
        with suppress(Retry):
            await reader.heads()
        await asyncio.sleep(0.3)
    return reader._tip().block.height


async def test_home_is_verified_from_its_first_block_to_its_newest(readers: Readers) -> None:
    at = await newest(readers.sealer)
    heads = await readers.home_at(at)
    assert heads.finalized == heads.latest
    assert not readers.named.now
    blocks = await readers.home.blocks([Height(1), Height(at // 2), Height(at)])
    plain = await readers.home.providers.nodes[0].blocks([Height(1), Height(at // 2), Height(at)])
    assert blocks == plain
    assert list(await readers.home.facts(Height(1), at)) == list(
        await readers.home.providers.nodes[0].facts(Height(1), at)
    )


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("few", "fewer validators sealed it than must: 2 of 3"),
        ("stranger", "somebody sealed it who is no validator"),
        ("duplicate", "a validator sealed it twice"),
        ("vanity", "its vanity has not 32 bytes: 33 bytes"),
        ("validators", "it names other validators than follow from the blocks before"),
    ],
)
async def test_what_is_not_sealed_as_it_must_be_is_not_believed_and_goes_on_afterwards(
    readers: Readers, how: str, said: str
) -> None:
    since = await newest(readers.sealer) + 1
    await readers.misbehave(how, since)
    await mined(readers.sealer, since)
    assert await verified(readers.home) == since - 1
    assert any(said in why for why in readers.named.of("first"))
    await readers.misbehave("honest", 0)
    await readers.home_at(since)
    await verified(readers.home)
    assert not readers.named.now


@pytest.mark.parametrize(("only", "name"), [(0, "first"), (1, "second")])
async def test_validators_who_seal_two_blocks_at_one_height_halt_everything_with_both_as_evidence(
    readers: Readers, only: int, name: str
) -> None:
    """By whichever provider shows it: both are behind the validators who fork."""
    reader, at = readers.fresh_home(only), await newest(readers.sealer)
    await follow(reader, at)
    await readers.misbehave("fork", at - 1)
    with pytest.raises(Halt, match="was sealed twice") as halt:
        await follow(reader, at + 3)
    evidence = halt.value.evidence
    assert evidence["final_hash"] != evidence["observed_hash"]
    assert {"final_header", "observed_header"} <= evidence.keys()
    assert str(evidence["provider"]).startswith(name)


async def test_a_validator_is_voted_in_and_seals_from_then_on(readers: Readers) -> None:
    await readers.sealer.result("sealer_vote", 4, True)  # noqa: FBT003 - JSON
    at = await newest(readers.sealer) + 6
    await mined(readers.sealer, at)
    members = await readers.sealer.result("qbft_getValidatorsByBlockNumber", hex(at))
    assert isinstance(members, list)
    assert len(members) == 5
    await readers.home_at(at)
    await readers.sealer.result("sealer_vote", 4, False)  # noqa: FBT003 - JSON


async def test_a_ledger_that_stands_still_is_no_fault_and_is_seen_to_stand(readers: Readers) -> None:
    at = await newest(readers.sealer)
    await readers.home_at(at)
    await readers.misbehave("stall", at + 1)
    first, second = await readers.home.heads(), await readers.home.heads()
    assert first.latest == second.latest
    assert not readers.named.now


async def test_one_provider_suffices_where_the_other_lies_hangs_or_is_gone(readers: Readers) -> None:
    at = await newest(readers.sealer)
    for faults in ({"heads": at - 5}, {"stall": True}, {"errors": 1.0}, {"logs": True}, {"drop": 1.0}):
        await readers.break_(readers.home_second, **faults)
        reader = readers.fresh_home()
        heads = await asyncio.wait_for(reader.heads(), 5)
        assert heads.finalized is not None
        top = heads.finalized.height
        assert list(await reader.facts(Height(1), top)) == list(
            await readers.home.providers.nodes[0].facts(Height(1), top)
        )
    assert readers.named.of("second")


async def test_a_provider_that_shows_another_chain_gets_nowhere_alone(readers: Readers) -> None:
    at = await newest(readers.sealer)
    await readers.break_(readers.home_second, heads=at - 5)
    captured = readers.fresh_home(only=1)
    assert await verified(captured) < at - 5 + 1
    assert readers.named.of("second")


async def test_receipts_without_their_logs_are_refused_by_their_root(readers: Readers) -> None:
    at = await newest(readers.sealer)
    captured = readers.fresh_home(only=1)
    while (heads := await captured.heads()).is_behind:
        pass
    await readers.break_(readers.home_second, logs=True)
    assert heads.finalized is not None
    with pytest.raises(Retry, match=r"shows receipts of block .* that are not in it"):
        await captured.facts(Height(1), min(at, heads.finalized.height))


async def test_who_is_asked_first_and_hides_an_event_is_named_and_the_other_is_asked(readers: Readers) -> None:
    heads = await readers.home_at(await newest(readers.sealer))
    top = heads.latest.height
    honest = list(await readers.home.facts(Height(1), top))
    assert honest
    await readers.break_(readers.home_second, logs=True)
    readers.home.providers.nodes = readers.home.providers.nodes[::-1]
    assert list(await readers.home.facts(Height(1), top)) == honest
    assert any("that are not in it" in why for why in readers.named.of("second"))


async def test_a_restart_goes_on_from_a_checkpoint_and_reads_what_lies_below_it(readers: Readers) -> None:
    home = readers.home
    await readers.home_at(STEP // 50)
    before = list(await home.facts(Height(1), Height(20)))
    home._known.clear()
    home._sealers.clear()
    assert list(await home.facts(Height(1), Height(20))) == before
