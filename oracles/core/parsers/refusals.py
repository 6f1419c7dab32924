"""Why a document yields no number. Every parser returns numbers or raises one of these, and nothing else."""

from bridge.core.errors import Refuse


class Refused(Refuse):
    """A document that is not read. `where` says where in it, as a person would look for it."""

    def __init__(self, why: str, where: str = "") -> None:
        super().__init__(f"{where}: {why}" if where else why)
        self.why = why
        self.where = where


class WrongEncoding(Refused):
    """Bytes in another encoding than the publisher's, such as a file that a tool has saved again."""


class NotThisDocument(Refused):
    """Something else: an error page with status 200, another table, another date, another series."""


class Truncated(Refused):
    """A file that ends too early."""


class DriftedFormat(Refused):
    """The document, but not in the form this parser knows. A person must look and a parser version must follow."""


class NoFixing(Refused):
    """The document says that there is no number for this day."""


class OutOfBounds(Refused):
    """A number no such series has ever been near: the document was misread or misprinted."""


class Disagreement(Refused):
    """Two readings of what must be the same number differ."""


class ErrorAnswer(Refused):
    """The publisher answered with an error message of its own. `passing` says that asking again later makes sense."""

    def __init__(self, code: str, why: str, *, passing: bool) -> None:
        super().__init__(f"{code} {why}".strip())
        self.code = code
        self.passing = passing
