"""Every series the oracle carries. Documents and times are as published or observed; METHODOLOGY names the sources."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from oracles.core.series import SCALE, DayCount, Kind, Publisher, Role, Rung, Schedule, Series, Source

TENORS: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40)
"""Maturities of the Ministry's curve in years, in the order of its columns."""


def clock(hour: int, minute: int = 0) -> int:
    """Return seconds after midnight."""
    return hour * 3600 + minute * 60


# --- Ladders ----------------------------------------------------------------------------------------------------------

API_SCHEDULE: Final = Schedule(2, clock(9))
"""Time-Series Data Search serves a date two business days later: 49 of 49 daily captures, 09:02 JST at the latest."""

_API = (Source.BOJ_API_JSON, Source.BOJ_API_CSV)

CALL_RATE_LADDER: Final = (
    Rung(Role.PROVISIONAL, (Source.BOJ_PROVISIONAL,), Schedule(0, clock(17, 15), clock(18, 15))),
    Rung(Role.FINAL, (Source.BOJ_FINAL,), Schedule(1, clock(10))),
    Rung(Role.CONFIRMATION, _API, API_SCHEDULE),
)
API_LADDER: Final = (Rung(Role.FINAL, _API, API_SCHEDULE),)
CURVE_LADDER: Final = (Rung(Role.FINAL, (Source.MOF_ENGLISH, Source.MOF_JAPANESE), Schedule(1, clock(9, 30))),)
JSDA_LADDER: Final = (Rung(Role.FINAL, (Source.JSDA_PRICES,), Schedule(0, clock(18, 30))),)

# --- The catalogue ----------------------------------------------------------------------------------------------------

_PERCENT_LABELS = frozenset({"percent per annum", "年%"})


def _call_rate(which: str, code: str, revision_bound: int) -> Series:
    return Series(
        name=f"boj/overnight-call-rate/{which}",
        group="boj/overnight-call-rate",
        publisher=Publisher.BOJ,
        code=f"FM01'{code}",
        kind=Kind.RATE,
        unit="percent per annum",
        day_count=DayCount.ACT_365F,
        decimals=3,
        lowest=-2 * SCALE,
        highest=15 * SCALE,
        revision_bound=revision_bound,
        ladder=CALL_RATE_LADDER,
        unit_labels=_PERCENT_LABELS,
    )


def _exchange_rate(pair: str, code: str, decimals: int, bounds: tuple[int, int], labels: frozenset[str]) -> Series:
    base, quote = pair.split("-")
    return Series(
        name=f"boj/fx/{pair}-1700",
        group="boj/fx",
        publisher=Publisher.BOJ,
        code=f"FM08'{code}",
        kind=Kind.PRICE,
        unit=f"{quote.upper()} per {base.upper()}",
        day_count=DayCount.NONE,
        decimals=decimals,
        lowest=bounds[0],
        highest=bounds[1],
        revision_bound=bounds[0] // 20,
        ladder=API_LADDER,
        unit_labels=labels,
    )


def _par_yield(years: int) -> Series:
    return Series(
        name=f"mof/jgb-par-yield/{years}y",
        group="mof/jgb-par-yield",
        publisher=Publisher.MOF,
        code=f"JGB'{years}Y",
        kind=Kind.RATE,
        unit="percent per annum",
        day_count=DayCount.SEMIANNUAL_PAR,
        decimals=3,
        lowest=-3 * SCALE,
        highest=20 * SCALE,
        revision_bound=SCALE // 4,
        ladder=CURVE_LADDER,
    )


CALL_RATE_AVERAGE: Final = _call_rate("average", "STRDCLUCON", SCALE // 50)
CALL_RATE_HIGH: Final = _call_rate("high", "STRDCLUCONH", SCALE // 2)
CALL_RATE_LOW: Final = _call_rate("low", "STRDCLUCONL", SCALE // 2)
CALL_RATES: Final = (CALL_RATE_AVERAGE, CALL_RATE_HIGH, CALL_RATE_LOW)

BASIC_LOAN_RATE: Final = Series(
    name="boj/basic-loan-rate",
    group="boj/basic-loan-rate",
    publisher=Publisher.BOJ,
    code="IR01'MADR1Z@D",
    kind=Kind.RATE,
    unit="percent per annum",
    day_count=DayCount.NONE,
    decimals=3,
    lowest=-2 * SCALE,
    highest=15 * SCALE,
    revision_bound=SCALE // 2,
    ladder=API_LADDER,
    unit_labels=_PERCENT_LABELS,
    every_day=True,
)

USD_JPY: Final = _exchange_rate(
    "usd-jpy", "FXERD04", 2, (40 * SCALE, 500 * SCALE), frozenset({"yen per u.s. dollar", "¥/$"})
)
EUR_USD: Final = _exchange_rate(
    "eur-usd", "FXERD34", 4, (SCALE // 2, 3 * SCALE), frozenset({"u.s. dollar per euro", "$/ユーロ"})
)
EUR_JPY: Final = Series(
    name="derived/fx/eur-jpy-1700",
    group="boj/fx",
    publisher=Publisher.DERIVED,
    code="FM08'FXERD04*FXERD34",
    kind=Kind.PRICE,
    unit="JPY per EUR",
    day_count=DayCount.NONE,
    decimals=USD_JPY.decimals + EUR_USD.decimals,
    lowest=20 * SCALE,
    highest=1000 * SCALE,
    revision_bound=5 * SCALE,
    ladder=API_LADDER,
    inputs=(USD_JPY.name, EUR_USD.name),
)
"""The Bank offers no euro/yen. The rule is `parsers.derived.eur_jpy`: the exact product, never rounded."""

PAR_YIELDS: Final = tuple(_par_yield(years) for years in TENORS)

CATALOGUE: Final[Mapping[str, Series]] = MappingProxyType(
    {series.name: series for series in (*CALL_RATES, BASIC_LOAN_RATE, USD_JPY, EUR_USD, EUR_JPY, *PAR_YIELDS)}
)
"""What every oracle carries, by name. JSDA's are made per issue by `jsda_price` and `jsda_yield`."""


JSDA_GROUP: Final = "jsda/otc"
_JSDA_PRICE: Final = Series(
    name="jsda/otc/{issue}/average-price",
    group=JSDA_GROUP,
    publisher=Publisher.JSDA,
    code="OTC'{issue}'average-price",
    kind=Kind.PRICE,
    unit="JPY per 100 face",
    day_count=DayCount.NONE,
    decimals=2,
    lowest=SCALE // 100,
    highest=500 * SCALE,
    revision_bound=SCALE,
    ladder=JSDA_LADDER,
    operator_enabled=True,
)
_JSDA_YIELD: Final = replace(
    _JSDA_PRICE,
    name="jsda/otc/{issue}/average-compound-yield",
    code="OTC'{issue}'average-compound-yield",
    kind=Kind.RATE,
    unit="percent per annum",
    day_count=DayCount.SEMIANNUAL_PAR,
    decimals=3,
    lowest=-10 * SCALE,
    highest=100 * SCALE,
)
_ISSUE_DIGITS: Final = 9


def jsda_price(issue: str) -> Series:
    """Return the series of the average price of an issue (nine digits), clean, yen per 100 of face."""
    return _of_issue(_JSDA_PRICE, issue)


def jsda_yield(issue: str) -> Series:
    """Return the series of the average compound yield of an issue (nine digits)."""
    return _of_issue(_JSDA_YIELD, issue)


def series_named(name: str) -> Series | None:
    """Return a series of the catalogue, or of an issue's reference prices; None if there is none of that name."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    issue = name.removeprefix(f"{JSDA_GROUP}/").partition("/")[0]
    try:
        made = (jsda_price(issue), jsda_yield(issue))
    except ValueError:
        return None
    return next((series for series in made if series.name == name), None)


def _of_issue(template: Series, issue: str) -> Series:
    if len(issue) != _ISSUE_DIGITS or not (issue.isascii() and issue.isdigit()):
        raise ValueError(f"an issue has nine digits, not {issue!r}")
    return replace(template, name=template.name.format(issue=issue), code=template.code.format(issue=issue))
