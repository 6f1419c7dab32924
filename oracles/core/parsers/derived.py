"""Numbers that nobody publishes and everybody can compute: one rule each, in integers."""

from typing import Final

from oracles.core.catalogue import EUR_JPY, EUR_USD, USD_JPY
from oracles.core.parsers.numbers import bounded
from oracles.core.parsers.reading import Observation
from oracles.core.parsers.refusals import NotThisDocument
from oracles.core.series import SCALE

VERSION: Final = "derived/1"


def eur_jpy(usd_jpy: Observation, eur_usd: Observation) -> Observation:
    """Return euro/yen of a day: yen per dollar times dollars per euro, exactly, without rounding.

    The Bank prints at most two and four decimals, so the product has at most six and fits the scale of eight.
    Raises NotThisDocument for other inputs than these two series of one day.
    """
    if usd_jpy.series != USD_JPY or eur_usd.series != EUR_USD or usd_jpy.day != eur_usd.day:
        raise NotThisDocument("euro/yen comes from dollar/yen and euro/dollar of one day", EUR_JPY.name)
    product, rest = divmod(usd_jpy.value * eur_usd.value, SCALE)
    if rest:
        raise NotThisDocument("the inputs have more decimals than the Bank prints", EUR_JPY.name)
    value = bounded(product, EUR_JPY, EUR_JPY.name)
    return Observation(EUR_JPY, usd_jpy.day, value, (usd_jpy, eur_usd))
