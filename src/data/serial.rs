//! Days and moments from the engine's numbers: days since 1899-12-30, with the time of the day as the fraction.

use std::fmt;

use super::batch::CellRef;
use super::row::{CellError, FromCell};

/// Days from 1899-12-30, where Qlik's count begins, to 1970-01-01.
const UNIX_EPOCH: i64 = 25_569;
const DAY_MS: i64 = 86_400_000;

/// A day of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year.
    pub year: i32,
    /// The month, from 1.
    pub month: u8,
    /// The day, from 1.
    pub day: u8,
}

/// A moment of the calendar, in no particular time zone; as exact as a millisecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// The day.
    pub date: Date,
    /// The hour, from 0.
    pub hour: u8,
    /// The minute.
    pub minute: u8,
    /// The second.
    pub second: u8,
    /// The millisecond.
    pub millisecond: u16,
}

impl Date {
    /// The day that a number stands for, whatever its time of the day; `None` for what is no day of the years
    /// -262144 to 262143.
    pub fn from_serial(serial: f64) -> Option<Self> {
        // the nearest millisecond may be the next day
        let days = milliseconds(serial)?.div_euclid(DAY_MS);
        Some(civil(days))
    }
}

impl DateTime {
    /// The moment that a number stands for, to the nearest millisecond.
    pub fn from_serial(serial: f64) -> Option<Self> {
        let all = milliseconds(serial)?;
        let ms = all.rem_euclid(DAY_MS);
        Some(DateTime {
            date: civil(all.div_euclid(DAY_MS)),
            hour: (ms / 3_600_000) as u8,
            minute: (ms / 60_000 % 60) as u8,
            second: (ms / 1_000 % 60) as u8,
            millisecond: (ms % 1_000) as u16,
        })
    }
}

/// Milliseconds since 1970-01-01, to the nearest.
pub(super) fn milliseconds(serial: f64) -> Option<i64> {
    let days = serial - UNIX_EPOCH as f64;
    // some 262 thousand years
    (days.abs() < 95_000_000.0).then(|| (days * DAY_MS as f64).round() as i64)
}

/// Days since 1970-01-01.
#[cfg_attr(not(feature = "arrow"), allow(dead_code, reason = "record batches use it"))]
pub(super) fn days(serial: f64) -> Option<i32> {
    i32::try_from(milliseconds(serial)?.div_euclid(DAY_MS)).ok()
}

/// Milliseconds of a length of time, which may be negative.
#[cfg_attr(not(any(feature = "arrow", feature = "csv")), allow(dead_code, reason = "files and batches use it"))]
pub(super) fn interval(serial: f64) -> Option<i64> {
    (serial.abs() < 95_000_000.0).then(|| (serial * DAY_MS as f64).round() as i64)
}

/// The day so many days after 1970-01-01, by the Gregorian calendar. The calendar repeats itself every 400 years.
fn civil(days: i64) -> Date {
    const ERA: i64 = 146_097;
    // counted from 0000-03-01, the leap day is a year's last
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(ERA), shifted.rem_euclid(ERA));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    Date { year: year as i32, month: month as u8, day: day as u8 }
}

/// As in ISO 8601: `2024-02-29`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// As in ISO 8601: `2024-02-29T12:30:00`, with `.250` where there is a part of a second.
impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}T{:02}:{:02}:{:02}", self.date, self.hour, self.minute, self.second)?;
        if self.millisecond > 0 { write!(f, ".{:03}", self.millisecond) } else { Ok(()) }
    }
}

impl FromCell for Date {
    fn from_cell(cell: CellRef<'_>) -> Result<Self, CellError> {
        let serial = f64::from_cell(cell)?;
        Date::from_serial(serial).ok_or_else(|| CellError::new(format!("{serial} is no date")))
    }
}

impl FromCell for DateTime {
    fn from_cell(cell: CellRef<'_>) -> Result<Self, CellError> {
        let serial = f64::from_cell(cell)?;
        DateTime::from_serial(serial).ok_or_else(|| CellError::new(format!("{serial} is no date and time")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_days() {
        for (serial, day) in [
            (0.0, "1899-12-30"),
            (1.0, "1899-12-31"),
            (61.0, "1900-03-01"),
            (25_569.0, "1970-01-01"),
            (45_351.0, "2024-02-29"),
            (45_352.0, "2024-03-01"),
            (45_351.75, "2024-02-29"),
            (-0.5, "1899-12-29"),
            (73_050.0, "2099-12-31"),
            (73_109.0, "2100-02-28"),
            (73_110.0, "2100-03-01"),
        ] {
            assert_eq!(Date::from_serial(serial).unwrap().to_string(), day, "{serial}");
        }
        assert_eq!(Date::from_serial(f64::NAN), None);
        assert_eq!(Date::from_serial(1e12), None);
    }

    #[test]
    fn fractions_are_times() {
        let text = |serial| DateTime::from_serial(serial).unwrap().to_string();
        assert_eq!(text(45_351.5), "2024-02-29T12:00:00");
        assert_eq!(text(45_351.0 + 1.0 / 86_400_000.0), "2024-02-29T00:00:00.001");
        // one third of a day is no exact number
        assert_eq!(text(45_351.0 + 1.0 / 3.0), "2024-02-29T08:00:00");
        assert_eq!(text(45_351.999_999_999_9), "2024-03-01T00:00:00");
        assert_eq!(interval(-0.25), Some(-21_600_000));
    }

    #[test]
    fn every_day_follows_the_one_before() {
        let mut before = civil(-1_000_001);
        for days in -1_000_000..1_000_000 {
            let day = civil(days);
            assert!(day > before && (1..=12).contains(&day.month) && (1..=31).contains(&day.day), "{day}");
            assert!(day.day == before.day + 1 || day.day == 1, "{day}");
            before = day;
        }
    }
}
