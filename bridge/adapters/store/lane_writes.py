"""What a unit of work writes about transactions of ours."""

from collections.abc import Iterable
from typing import Final

from sqlalchemy import bindparam, insert, select, update

from bridge.adapters.store import schema
from bridge.adapters.store.lane_rows import attempt_values, intent_values
from bridge.adapters.store.writes import Writes
from bridge.core.lanes import Ending, Intent, OpenIntent
from bridge.core.types import Address, ChainId, Height, TxHash

_OF_INTENT: Final = schema.attempts.c.intent == bindparam("key_intent")
_IS_INTENT: Final = schema.intents.c.id == bindparam("key_intent")
_IS_ATTEMPT: Final = schema.attempts.c.hash == bindparam("key_hash")

_HOLD: Final = (
    update(schema.intents).where(_IS_INTENT).values(account=bindparam("new_account"), nonce=bindparam("new_nonce"))
)
_RELEASE: Final = update(schema.intents).where(_IS_INTENT).values(account=None, nonce=None)
_ABANDON_ALL: Final = update(schema.attempts).where(_OF_INTENT).values(abandoned=True, raw=b"")
_ABANDON: Final = update(schema.attempts).where(_IS_ATTEMPT).values(abandoned=True, raw=b"")
_NOTE_SENT: Final = update(schema.attempts).where(_IS_ATTEMPT).values(sent_at=bindparam("new_height"))
_END: Final = (
    update(schema.intents)
    .where(_IS_INTENT)
    .values(ending=bindparam("new_ending"), reason=bindparam("new_reason"), call_data=b"")
)
_FORGET_RAW: Final = update(schema.attempts).where(_OF_INTENT).values(raw=b"")


class LaneWrites(Writes):
    """Intents, the account nonces they hold, attempts, endings."""

    async def add_intent(self, intent: Intent) -> Intent:
        """Store a transaction to send; return it with its id. Ids rise in the order in which intents are stored."""
        result = await self._connection.execute(insert(schema.intents), intent_values(intent))
        (number,) = result.inserted_primary_key or (0,)
        return Intent(number, intent.chain, intent.purpose, intent.call, intent.gas)

    def add_attempts(self, opened: Iterable[OpenIntent], account: Address, day: int) -> None:
        """Store the newest attempt of each, signed and not sent, and the account nonce it was signed for."""
        kept = list(opened)
        held = [{"key_intent": one.intent.id, "new_account": account, "new_nonce": one.nonce} for one in kept]
        self._later(_HOLD, held)
        self._later(insert(schema.attempts), [attempt_values(one, day) for one in kept])

    def note_sent(self, hashes: Iterable[TxHash], head: Height) -> None:
        """Note at which head transactions went out."""
        self._later(_NOTE_SENT, [{"key_hash": tx, "new_height": head} for tx in hashes])

    def abandon_attempt(self, tx: TxHash) -> None:
        """Give up one attempt that no node takes; earlier ones of its intent count again."""
        self._later(_ABANDON, [{"key_hash": tx}])

    def release(self, intents: Iterable[Intent]) -> None:
        """Take the account nonces of intents away, with what was signed for them: they get others."""
        keys = [{"key_intent": intent.id} for intent in intents]
        self._later(_RELEASE, keys)
        self._later(_ABANDON_ALL, keys)

    def disown(self, chain: ChainId, account: Address) -> None:
        """Take the account nonces away from the intents of a chain that hold those of another account."""
        table = schema.intents
        foreign = (table.c.chain == chain, table.c.ending.is_(None), table.c.account != account)
        held = select(table.c.id).where(*foreign)
        self._later(update(schema.attempts).where(schema.attempts.c.intent.in_(held)).values(abandoned=True, raw=b""))
        self._later(update(table).where(*foreign).values(account=None, nonce=None))

    def withdraw_unsent(self, reason: str) -> None:
        """End all intents that hold no account nonce: nobody has seen them."""
        unsent = (schema.intents.c.ending.is_(None), schema.intents.c.nonce.is_(None))
        ended = {"ending": Ending.WITHDRAWN.value, "reason": reason, "call_data": b""}
        self._later(update(schema.intents).where(*unsent).values(**ended))

    def end_intent(self, intent: Intent, ending: Ending, reason: str) -> None:
        """End an intent for good. Its hashes are kept; its bytes are on the chain, or worth nothing."""
        key = {"key_intent": intent.id}
        self._later(_END, [{**key, "new_ending": ending.value, "new_reason": reason}])
        self._later(_FORGET_RAW, [key])
        if ending is Ending.REFUSED:
            never_sent = schema.attempts.c.sent_at.is_(None)
            self._later(_ABANDON_ALL.where(never_sent), [key])
