"""Where batches begin and end."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.batches import cut, root_of, window_end
from bridge.core.messages import Kind, Message
from bridge.core.types import ZERO_ADDRESS, Height, Nonce, Units, Windowing


def message(kind: int, nonce: int) -> Message:
    return Message(kind, Nonce(nonce), ZERO_ADDRESS, ZERO_ADDRESS, ZERO_ADDRESS, Units(0), Units(0))


kinds = st.lists(st.sampled_from([Kind.TRANSFER] * 4 + [Kind.RETURN, Kind.ANNOUNCE, Kind.COMMITTEE]), max_size=60)


@given(kinds, st.integers(1, 9))
def test_the_pieces_of_a_window_are_the_window_in_order(listed: list[Kind], max_batch: int) -> None:
    messages = [message(kind, nonce) for nonce, kind in enumerate(listed)]
    pieces = list(cut(messages, Windowing(1, max_batch)))
    assert [m for piece in pieces for m in piece] == messages
    assert all(1 <= len(piece) <= max_batch for piece in pieces)


@given(kinds, st.integers(1, 9))
def test_a_kind_other_than_a_transfer_travels_alone(listed: list[Kind], max_batch: int) -> None:
    messages = [message(kind, nonce) for nonce, kind in enumerate(listed)]
    for piece in cut(messages, Windowing(1, max_batch)):
        assert len(piece) == 1 or all(m.kind == Kind.TRANSFER for m in piece)


@given(kinds, st.integers(1, 9))
def test_transfers_are_cut_only_where_they_must_be(listed: list[Kind], max_batch: int) -> None:
    messages = [message(kind, nonce) for nonce, kind in enumerate(listed)]
    pieces = list(cut(messages, Windowing(1, max_batch)))
    for piece, following in pairwise(pieces):
        both_transfers = piece[0].kind == following[0].kind == Kind.TRANSFER
        assert not both_transfers or len(piece) == max_batch


@given(st.integers(1, 10**9), st.integers(1, 100))
def test_a_window_ends_at_the_next_multiple_of_its_length(height: int, window: int) -> None:
    end = window_end(Height(height), Windowing(window, 1))
    assert end % window == 0
    assert end - window < height <= end


def test_no_leaves_have_no_root() -> None:
    with pytest.raises(ValueError, match="at least one"):
        root_of([])
