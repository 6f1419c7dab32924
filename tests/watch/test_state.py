"""What a watchtower keeps over its end: all of what is held, and nothing that an earlier one wrote in another form."""

import json
from pathlib import Path

from relayers.watch.chain import Block
from relayers.watch.events import DELAYED
from relayers.watch.ledger import Arrival, Sent, State
from relayers.watch.state import VERSION, Kept, load, save


def test_why_something_is_held_is_known_after_a_restart(tmp_path: Path) -> None:
    sent = Sent(1, 2, 0, 1, "0xb0", 5, "held", DELAYED)
    arrival = Arrival(2, 1, 1, "Held", 9, "0xfe", 7, DELAYED)
    kept = Kept(places="here", ledger=State(sent={"0x01": sent}, waiting={"0x02": arrival}))
    save(tmp_path / "state.json", kept)
    assert load(tmp_path / "state.json", "here") == kept


def test_a_state_that_does_not_say_why_something_is_held_is_read_again_from_the_chains(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    sent = Sent(1, 2, 0, 1, "0xb0", 5, "held", DELAYED)
    save(path, Kept(places="here", cursors={1: Block(9, "0x09", 99)}, ledger=State(sent={"0x01": sent})))
    document = json.loads(path.read_text())
    del document["ledger"]["sent"]["0x01"]["reason"]
    path.write_text(json.dumps({**document, "version": VERSION - 1}))
    assert load(path, "here") == Kept(places="here")
