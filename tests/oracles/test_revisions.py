from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.core.hashing import keccak
from bridge.core.types import ZERO_HASH, Timestamp
from oracles.core.report import Proposal
from oracles.core.revisions import Certified, Opened, Posted, opened
from oracles.core.series import Status

DAY = date(2026, 1, 29)
FINAL = Proposal(keccak(b"set"), keccak(b"group"), DAY, Status.FINAL, keccak(b"one content"))
OTHER = replace(FINAL, content=keccak(b"another content"))
HOLD = replace(FINAL, status=Status.HOLD)


def posted(reporter: int, proposal: Proposal, height: int, number: int = 0) -> Posted:
    return Posted(reporter, proposal, (height, number), Timestamp(1000 + height))


def test_the_kth_matching_proposal_opens_the_first_revision_at_the_time_of_its_block() -> None:
    posts = [posted(reporter, FINAL, 10 + reporter) for reporter in range(4)]
    assert opened(posts[:2], 3, None) is None
    assert opened(posts[:3], 3, None) == opened(posts, 3, None) == Opened(1, Timestamp(1012), FINAL)


def test_the_next_revision_follows_the_highest_certified_across_statuses() -> None:
    last = Certified(6, ZERO_HASH, (9, 5))
    posts = [posted(reporter, HOLD, 10) for reporter in range(3)]
    assert opened(posts, 3, last) == Opened(7, Timestamp(1010), HOLD)


def test_proposals_before_the_last_certificate_open_nothing_again() -> None:
    posts = [posted(reporter, FINAL, 10, reporter) for reporter in range(3)]
    assert opened(posts, 3, Certified(1, ZERO_HASH, (10, 2))) is None
    assert opened(posts, 3, Certified(1, ZERO_HASH, (10, 1))) is None, "one late post is not k"
    assert opened(posts, 3, Certified(1, ZERO_HASH, (9, 99))) is not None


def test_one_reporter_counts_once_however_often_it_posts() -> None:
    assert opened([posted(0, FINAL, 10 + i) for i in range(5)], 2, None) is None


def test_proposals_that_differ_in_anything_do_not_match() -> None:
    for other in (OTHER, HOLD):
        assert opened([posted(0, FINAL, 10), posted(1, other, 10, 1), posted(2, FINAL, 11)], 3, None) is None


def test_whoever_changed_its_mind_no_longer_supports_what_it_said_before() -> None:
    posts = [posted(0, FINAL, 10), posted(0, OTHER, 11), posted(1, FINAL, 12), posted(2, OTHER, 13)]
    assert opened(posts, 2, None) == Opened(1, Timestamp(1013), OTHER)


def test_only_the_proposal_that_is_complete_first_is_open() -> None:
    posts = [posted(reporter, FINAL, 10, reporter) for reporter in range(2)]
    posts += [posted(reporter, HOLD, 10, reporter) for reporter in range(2, 4)]
    assert opened(posts, 2, None) == Opened(1, Timestamp(1010), FINAL)
    assert opened([*posts[2:], posted(0, HOLD, 12)], 2, None) == Opened(1, Timestamp(1010), HOLD)


def test_other_days_and_sets_are_not_counted_together() -> None:
    for stranger in (replace(FINAL, day=DAY + timedelta(days=1)), replace(FINAL, set_hash=keccak(b"another set"))):
        with pytest.raises(ValueError, match="no others"):
            opened([posted(0, FINAL, 10), posted(1, stranger, 11)], 2, None)
    with pytest.raises(ValueError, match="nobody"):
        opened([], 0, None)


@given(
    st.lists(
        st.builds(
            posted, st.integers(0, 4), st.sampled_from([FINAL, OTHER, HOLD]), st.integers(1, 5), st.integers(0, 50)
        ),
        max_size=20,
        unique_by=lambda post: post.position,
    ).flatmap(lambda posts: st.tuples(st.just(posts), st.permutations(posts)))
)
def test_whoever_reads_the_ledger_in_any_order_opens_the_same(orders: tuple[list[Posted], list[Posted]]) -> None:
    posts, shuffled = orders
    found = opened(posts, 3, None)
    assert opened(shuffled, 3, None) == found
    if found is not None:
        until = [post for post in posts if post.at <= found.at]
        assert opened(until, 3, None) == found, "what comes later changes nothing"
