"""Where a relayer may crash: the one table of the moments between which something lasting happens.

Each is passed in production without effect. Tests crash a relayer at every one of them.
"""

from enum import Enum


class Boundary(Enum):
    """A moment before or after a commit, a signature, or a word to the world."""

    OBSERVE_BEFORE_COMMIT = "observe:before-commit"
    OBSERVE_AFTER_COMMIT = "observe:after-commit"
    SIGN_BEFORE = "sign:before"
    SIGN_AFTER = "sign:after"
    ATTEST_BEFORE_COMMIT = "attest:before-commit"
    ATTEST_AFTER_COMMIT = "attest:after-commit"
    SUBMIT_BEFORE_COMMIT = "submit:before-commit"
    SUBMIT_AFTER_COMMIT = "submit:after-commit"
    LANE_BEFORE_SIGN = "lane:before-sign"
    LANE_AFTER_SIGN = "lane:after-sign"
    LANE_BEFORE_COMMIT = "lane:before-commit"
    LANE_AFTER_COMMIT = "lane:after-commit"
    POST_BEFORE_BROADCAST = "post:before-broadcast"
    POST_AFTER_BROADCAST = "post:after-broadcast"
    DELIVER_BEFORE_BROADCAST = "deliver:before-broadcast"
    DELIVER_AFTER_BROADCAST = "deliver:after-broadcast"
    OUTCOME_BEFORE_COMMIT = "outcome:before-commit"
    OUTCOME_AFTER_COMMIT = "outcome:after-commit"
