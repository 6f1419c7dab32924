"""The nonce of a RETURN that no chain has sent: nobody can guess it, and home must not have used it up."""

from pathlib import Path

import pytest

from bridge.adapters.codec import views
from bridge.core.errors import Refuse
from bridge.core.types import Nonce
from contracts import last_return
from contracts.last_return import APART, NEVER
from tests.contracts.node import HOME, HOME_GATEWAY, REMOTE, Node
from tests.contracts.test_dead_ends import LOCK


class Home(Node):
    """Home, which has used up the nonces that a test says."""

    def __init__(self, *used: int) -> None:
        super().__init__()
        self.used = used
        self.asked: list[int] = []

    def _call(self, call: dict[str, str], pin: dict[str, str]) -> object:
        nonce = int(call["data"][-64:], 16)
        assert call["data"] == f"0x{views.IS_CONSUMED.call(REMOTE, nonce).hex()}"
        self.asked.append(nonce)
        self.says(HOME_GATEWAY, views.IS_CONSUMED, nonce in self.used, REMOTE, nonce)
        return super()._call(call, pin)


async def picked(home: Home, named: int | None) -> Nonce:
    chain = home.chain(HOME)
    nonce = None if named is None else Nonce(named)
    return await last_return.free_nonce(chain, LOCK, nonce, (await chain.heads()).latest)


async def test_who_signs_first_picks_a_nonce_that_nobody_can_guess() -> None:
    home = Home()
    found = {await picked(home, None) for _ in range(8)}
    assert len(found) == 8
    assert all(APART < nonce <= NEVER for nonce in found)
    assert set(home.asked) == found


async def test_who_signs_later_takes_the_same_nonce_unless_home_has_used_it_up() -> None:
    assert await picked(Home(), APART + 5) == APART + 5
    with pytest.raises(Refuse, match="has used up nonce"):
        await picked(Home(APART + 5), APART + 5)


@pytest.mark.parametrize("nonce", [0, 7, APART, NEVER + 1])
async def test_a_nonce_that_a_real_message_may_have_is_refused(nonce: int) -> None:
    with pytest.raises(Refuse, match="may be that of a real message"):
        await picked(Home(), nonce)


def test_nobody_has_picked_a_nonce_in_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert last_return.nonce_in(tmp_path / "file.json") is None
