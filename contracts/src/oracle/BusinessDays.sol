// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.24;

/// @notice Business days of a year as bits, and the arithmetic of dates that finds them.
/// @dev Days are counted from 1970-01-01. The civil calendar is the proleptic Gregorian one; the conversion is the usual
///      one by eras of 400 years with March as the first month.
library BusinessDays {
    /// @dev The last day of the year 65,535.
    uint256 private constant LAST_DAY = 23_217_003;

    error DayOutOfRange(uint256 day);
    error YearOutOfRange(uint256 year);

    /// @dev Two slots. A year that is known has a business day in its first 256 days and a version above zero, so that
    ///      either word alone says whether it is known.
    struct Year {
        uint256 bits0; // days 0 to 255
        uint128 bits1; // days 256 to 365
        uint32 version;
    }

    /// @notice Year and day of the year, from 0, of a day.
    function yearOf(uint256 day) internal pure returns (uint16 year, uint256 dayOfYear) {
        if (day > LAST_DAY) revert DayOutOfRange(day);
        unchecked {
            uint256 shifted = day + 719_468;
            uint256 era = shifted / 146_097;
            uint256 ofEra = shifted % 146_097;
            uint256 yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365;
            uint256 fromMarch = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
            uint256 civil = yearOfEra + era * 400 + (fromMarch >= 306 ? 1 : 0);
            return (uint16(civil), day - firstOf(civil));
        }
    }

    /// @notice The day that 1 January of `year` is.
    function firstOf(uint256 year) internal pure returns (uint256) {
        if (year < 1970 || year > type(uint16).max) revert YearOutOfRange(year);
        unchecked {
            uint256 before = year - 1;
            return 365 * before + before / 4 - before / 100 + before / 400 - 719_162;
        }
    }

    /// @notice How many days the year has.
    function lengthOf(uint256 year) internal pure returns (uint256) {
        return firstOf(year + 1) - firstOf(year);
    }

    /// @notice Whether the day of the year `dayOfYear` is a business day, and whether the year is known at all.
    function isOpen(Year storage year, uint256 dayOfYear) internal view returns (bool open, bool known) {
        if (dayOfYear < 256) {
            uint256 bits = year.bits0;
            return (bits >> dayOfYear & 1 == 1, bits != 0);
        }
        return (year.bits1 >> (dayOfYear - 256) & 1 == 1, year.version != 0);
    }
}
