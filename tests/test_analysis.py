"""The answers to slither are held against its findings both ways, and halmos against the checks that are written."""

from contracts.analyze import Finding, broken, declared, place_of, unanswered

FOUND = [Finding("timestamp", "Inbox.retry", ""), Finding("assembly", "Wire.read", "")]
ANSWERS = {"timestamp": {"Inbox.retry": "hours and days"}, "assembly": {"*": "held against plain versions"}}
HOLDS = {"exitcode": 0, "num_bounded_loops": 0}


def test_every_finding_is_answered_by_its_place_or_its_detector() -> None:
    assert unanswered(FOUND, ANSWERS) == []


def test_a_finding_without_an_answer_is_named() -> None:
    (fault,) = unanswered([*FOUND, Finding("timestamp", "Inbox.veto", "")], ANSWERS)
    assert fault.startswith("timestamp, Inbox.veto: not answered")


def test_an_answer_without_a_finding_is_named() -> None:
    assert [fault.split(":")[0] for fault in unanswered([], ANSWERS)] == ["timestamp, Inbox.retry", "assembly, *"]


def test_an_answer_says_something_in_one_line() -> None:
    for answer in ("", " ", "one\ntwo"):
        assert unanswered(FOUND, {**ANSWERS, "assembly": {"*": answer}}) == ["assembly, *: an answer is one line"]


def test_a_place_is_a_name_without_lines() -> None:
    contract = {"type": "contract", "name": "Inbox"}
    function = {"type": "function", "name": "retry", "type_specific_fields": {"parent": contract}}
    node = {"type": "node", "name": "reason == 3", "type_specific_fields": {"parent": function}}
    assert place_of([node, contract]) == "Inbox.retry"
    assert place_of([contract]) == "Inbox"


def test_a_check_that_was_not_run_or_not_to_its_end_proves_nothing() -> None:
    results = {
        "A.check_a": HOLDS,
        "A.check_b": {**HOLDS, "exitcode": 1},
        "A.check_c": {**HOLDS, "num_bounded_loops": 1},
    }
    assert [fault.split(": ")[0] for fault in broken(results, ["A.check_a", "A.check_d"])] == [
        "A.check_d",
        "A.check_b",
        "A.check_c",
    ]


def test_every_check_that_is_written_is_expected() -> None:
    names = declared()
    assert "QuorumChecks.check_two_signers_are_two_members" in names
    assert len(names) == len(set(names))
