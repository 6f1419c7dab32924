"""Two bonds that look like real ones of today. They are made up: no bond with these terms need exist."""

from datetime import UTC, date, datetime, timedelta
from typing import Final

from bridge.core.bonds import BondTerms, BondType, check_digit
from bridge.core.types import Timestamp, Units

DENOMINATION: Final = Units(50_000)
_JST: Final = timedelta(hours=9)
_YEAR_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ"
"""A is 2010; I and O are left out."""
_MONTHS: Final = "123456789ABC"
_TEN_YEARS: Final = "10"
_BILL: Final = "74"
_SATURDAY: Final = 5


def bonds_of(now: datetime) -> tuple[BondTerms, BondTerms]:
    """Return a T-Bill and a 10-year bond that would be the current issues at `now`."""
    today = (now.astimezone(UTC) + _JST).date()
    return _bill(today), _ten_year(today)


def _bill(today: date) -> BondTerms:
    """A six-month bill, issued on a Monday, numbered through from #1270 in the week of 25 November 2024."""
    issued = today - timedelta(days=today.weekday())
    number = 1270 + (issued - date(2024, 11, 25)).days // 7
    return _terms(_BILL, BondType.BILL, number, 0, issued, issued + timedelta(days=182))


def _ten_year(today: date) -> BondTerms:
    """A 10-year bond: a new issue every January, April, July and October, #378 in April 2025."""
    quarter = _months(today) // 3
    if _issue_day(quarter) > today:
        quarter -= 1
    issued = _issue_day(quarter)
    number = 378 + quarter - _months(date(2025, 4, 1)) // 3
    matures = _day(_months(issued) - 1 + 120, 20)
    return _terms(_TEN_YEARS, BondType.FIXED_COUPON, number, 2_100, issued, matures)


def _months(day: date) -> int:
    return day.year * 12 + day.month - 1


def _day(months: int, day: int) -> date:
    return date(months // 12, months % 12 + 1, day)


def _issue_day(quarter: int) -> date:
    """The tenth of the quarter's first month, or the Monday after."""
    day = _day(3 * quarter, 10)
    return day if day.weekday() < _SATURDAY else day + timedelta(days=7 - day.weekday())


def _terms(tenor: str, bond_type: BondType, number: int, coupon_rate: int, issued: date, matures: date) -> BondTerms:
    year = _YEAR_LETTERS[(issued.year - 2010) % len(_YEAR_LETTERS)]
    body = f"JP1{tenor}{number % 1000:03}1{year}{_MONTHS[issued.month - 1]}"
    return BondTerms(
        isin=f"{body}{check_digit(body)}",
        bond_type=bond_type,
        issue_number=number,
        coupon_rate=coupon_rate,
        issue_date=_midnight(issued),
        maturity_date=_midnight(matures),
        denomination=DENOMINATION,
    )


def _midnight(day: date) -> Timestamp:
    """Return 00:00 JST as UTC seconds."""
    return Timestamp(int((datetime(day.year, day.month, day.day, tzinfo=UTC) - _JST).timestamp()))
