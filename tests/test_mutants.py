"""The list of mutations is read strictly, and applied exactly once or not at all."""

from pathlib import Path

import pytest

from tests.mutants import MUTATIONS, ROOT, Verdict, try_mutation
from tests.mutations import BadMutationError, Command, Mutation, mutate, parse

BLOCK = """\
# why this one
bridge/core/quorum.py #2
- count < threshold || late
+ count < threshold
= timeout pytest tests/core -k "two words"
"""


def mutation(old: str = "a < b", new: str = "a <= b", occurrence: int | None = None) -> Mutation:
    return Mutation(1, "file.py", occurrence, old, new, Command("pytest", ()), may_hang=False)


def test_a_block_is_read_with_every_part() -> None:
    command = Command("pytest", ("tests/core", "-k", "two words"))
    expected = Mutation(
        1,
        "bridge/core/quorum.py",
        2,
        "count < threshold || late",
        "count < threshold",
        command,
        may_hang=True,
    )
    assert parse(BLOCK) == [expected]


def test_blocks_are_numbered_in_order_and_may_delete() -> None:
    first, second = parse("\n\na.sol\n-  x();\n+\n= forge\n\n\n" + BLOCK)
    assert (first.number, first.old, first.new, first.occurrence) == (1, " x();", "", None)
    assert second.number == 2


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("a.py\n- x\n= pytest", "line 1: wanted four lines"),
        ("\n\na.py\n+ x\n- y\n= pytest", "line 3: wanted four lines"),
        ("a.py\n- x\n+ x\n= pytest", "changes nothing"),
        ("a.py\n- x\n+ y\n= npm test", "pytest or forge"),
        ("a.py\n- x\n+ y\n= timeout", "pytest or forge"),
        ("a.py #0\n- x\n+ y\n= pytest", "count from #1"),
        ("a.py #two\n- x\n+ y\n= pytest", "count from #1"),
    ],
)
def test_a_block_that_cannot_be_read_is_named(text: str, complaint: str) -> None:
    with pytest.raises(BadMutationError, match=complaint):
        parse(text)


def test_a_unique_text_is_replaced() -> None:
    assert mutate("if a < b:\n", mutation()) == "if a <= b:\n"


def test_only_the_named_occurrence_is_replaced() -> None:
    assert mutate("a < b, a < b, a < b", mutation(occurrence=2)) == "a < b, a <= b, a < b"


@pytest.mark.parametrize(("text", "occurrence"), [("", None), ("a < b a < b", None), ("a < b", 2)])
def test_a_text_that_is_not_there_as_said_is_a_misfit(text: str, occurrence: int | None) -> None:
    with pytest.raises(BadMutationError, match="found"):
        mutate(text, mutation(occurrence=occurrence))


def test_every_listed_mutation_still_fits() -> None:
    for listed in parse(MUTATIONS.read_text()):
        mutate((ROOT / listed.path).read_text(), listed)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("low < high", "low > high", Verdict.KILLED),
        ("low < high", "low <= high", Verdict.SURVIVED),
        ("low < high", "low <", Verdict.BROKEN),
        ("low < high", "wait()", Verdict.TIMEOUT),
        ("low == high", "True", Verdict.MISFIT),
    ],
)
def test_a_break_gets_the_verdict_it_deserves(tmp_path: Path, old: str, new: str, verdict: Verdict) -> None:
    subject = "import time\n\ndef wait(): time.sleep(60)\ndef ordered(low, high): return low < high\n"
    (tmp_path / "file.py").write_text(subject)
    (tmp_path / "test_file.py").write_text("import file\ndef test_it(): assert file.ordered(1, 2)\n")
    assert try_mutation(tmp_path, mutation(old, new), timeout=5)[0] is verdict
    assert (tmp_path / "file.py").read_text() == subject
