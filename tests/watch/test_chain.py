"""Logs are read through, however many there are."""

from tests.watch.conftest import Watch


def test_a_history_whose_logs_are_too_many_for_one_answer_is_read_in_parts(watch: Watch) -> None:
    for _ in range(20):
        parcel = watch.bridge.lock()
        watch.mine()
        watch.bridge.execute(parcel)
    watch.mine(4)
    for node in watch.nodes.values():
        node.most_logs = 7
    watch.look(5)
    assert watch.tower.book.standing == []
    assert all(watch.tower.sight.is_caught_up(chain) for chain in watch.nodes)
    assert list(watch.tower.ledger.state.next_nonce.values()) == [20]
