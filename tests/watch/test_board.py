"""The board: two digests for a slot, and members who fell silent."""

from relayers.watch import board
from relayers.watch.board import MISSED, Board, Members
from relayers.watch.events import Event

NAMES = tuple(f"0x{number:040x}" for number in range(4))
COMMITTEE = Members(1, 1, 3, NAMES)
GRACE = 60


def post(slot: int, signer: str, digest: str = "0xd") -> Event:
    return Event(1, "0xb", "Posted", {"slot": f"0x{slot:x}", "digest": digest, "signer": signer}, 1, 1, "0xt")


def silent(posts: Board, now: int) -> list[str]:
    return [alarm.key for alarm in posts.silent(COMMITTEE, now, GRACE)]


def test_two_digests_for_one_slot_are_said_and_the_same_one_again_is_not() -> None:
    posts = Board()
    assert (
        posts.take([post(1, NAMES[0]), post(1, NAMES[0]), post(2, NAMES[0], "0xe"), post(1, NAMES[1], "0xe")], 0) == []
    )
    (alarm,) = posts.take([post(1, NAMES[0], "0xe")], 0)
    assert alarm.evidence["digests"] == ["0xd", "0xe"]


def test_a_member_who_signs_none_of_the_last_quorate_slots_is_named_until_it_signs() -> None:
    posts = Board()
    for slot in range(MISSED):
        posts.take([post(slot, name) for name in NAMES[:3]], 100)
        assert silent(posts, 100 + GRACE) == ([f"silent 1 {NAMES[3]}"] if slot == MISSED - 1 else [])
    posts.take([post(99, name) for name in NAMES], 100)
    assert silent(posts, 100 + GRACE) == []


def test_whoever_is_only_later_than_the_quorum_is_not_named() -> None:
    posts = Board()
    for slot in range(MISSED):
        posts.take([post(slot, name) for name in NAMES[:3]], 100)
    assert silent(posts, 100 + GRACE - 1) == []


def test_slots_without_a_quorum_count_for_nobody() -> None:
    posts = Board()
    for slot in range(3 * MISSED):
        posts.take([post(slot, name) for name in NAMES[:2]], 100)
    assert silent(posts, 10_000) == []


def test_old_slots_are_forgotten() -> None:
    posts = Board()
    posts.take([post(slot, NAMES[0]) for slot in range(board.KEPT + 10)], 0)
    assert len(posts.slots) == board.KEPT
    assert "0x9" not in posts.slots
