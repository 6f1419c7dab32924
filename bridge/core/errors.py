"""How the shell fails: three classes, named by what the process must do. Core returns decisions instead."""


class BridgeError(Exception):
    """Base of what this project raises on purpose. Messages never carry keys or passwords."""


class Retry(BridgeError):
    """The world did not answer as it will in a while: try again, lose nothing."""


class Refuse(BridgeError):
    """The input is bad: say so in one line and change nothing."""


class Halt(BridgeError):
    """An operator is needed: stop the route, keep the evidence.

    `evidence` is what was seen, in JSON types.
    """

    def __init__(self, reason: str, evidence: dict[str, object]) -> None:
        super().__init__(reason)
        self.reason = reason
        self.evidence = evidence
