from datetime import date

from bridge.core.types import Timestamp
from oracles.core.catalogue import EUR_JPY, EUR_USD, USD_JPY
from oracles.core.decisions import Agree, Closed, Hold, HoldReason, Question, Signed, Wait
from oracles.core.guard import decide_derived
from oracles.core.parsers.reading import Observation
from oracles.core.series import Status

DAY = date(2026, 1, 29)
USD = Agree(Status.FINAL, Observation(USD_JPY, DAY, 15_995_000_000), confirmed=True)
EUR = Agree(Status.FINAL, Observation(EUR_USD, DAY, 115_180_000), confirmed=False)
NOTHING = Agree(Status.NO_FIXING, None, confirmed=True)


def test_a_derived_number_is_confirmed_if_both_inputs_are() -> None:
    question = Question(EUR_JPY, DAY)
    derived = decide_derived(question, USD, EUR)
    assert isinstance(derived, Agree)
    assert derived.observation is not None
    assert (derived.status, derived.observation.value, derived.confirmed) == (Status.FINAL, 18_423_041_000, False)
    assert decide_derived(question, USD, Agree(Status.FINAL, EUR.observation, confirmed=True)) == Agree(
        Status.FINAL, derived.observation, confirmed=True
    )


def test_a_corrected_input_corrects_what_is_derived() -> None:
    signed = Signed(Status.FINAL, 18_423_041_000 - 10_000)
    derived = decide_derived(Question(EUR_JPY, DAY, signed), USD, EUR)
    assert isinstance(derived, Agree)
    assert derived.status is Status.CORRECTED


def test_without_one_input_there_is_no_number_and_no_guess() -> None:
    question = Question(EUR_JPY, DAY)
    assert decide_derived(question, NOTHING, EUR) == decide_derived(question, USD, NOTHING) == NOTHING
    for undecided in (Wait(Timestamp(1_769_675_000)), Closed(), Hold(HoldReason.SOURCES_DISAGREE, "")):
        assert decide_derived(question, undecided, EUR) == decide_derived(question, USD, undecided) == undecided


def test_every_reason_has_its_own_lasting_number() -> None:
    numbers = {reason.name: reason.value for reason in HoldReason}
    assert numbers == {
        "SOURCES_DISAGREE": 1,
        "CONFIRMATION_DIFFERS": 2,
        "REVISED_TOO_FAR": 3,
        "SOURCE_UNSTABLE": 4,
        "SOURCE_WITHDREW": 5,
        "CLOSED_DAY": 6,
        "WRONG_ENCODING": 16,
        "NOT_THIS_DOCUMENT": 17,
        "TRUNCATED": 18,
        "DRIFTED_FORMAT": 19,
        "OUT_OF_BOUNDS": 20,
        "INCONSISTENT_DOCUMENT": 21,
        "UNREADABLE": 31,
    }
