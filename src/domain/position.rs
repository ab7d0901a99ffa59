//! How far somebody has come in a list whose newest row stands first. What is added on top meanwhile moves nothing below.

use std::fmt;
use std::str::FromStr;

/// The place of a row: what comes after it is older, or as old and was written down before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    /// When: milliseconds since 1970-01-01 UTC.
    pub at_ms: i64,
    /// The number of the row.
    pub row: i64,
}

/// Why a text is no such place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list")]
pub struct BadPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.at_ms, self.row)
    }
}

impl FromStr for Position {
    type Err = BadPosition;

    fn from_str(text: &str) -> Result<Self, BadPosition> {
        let (at_ms, row) = text.rsplit_once('-').ok_or(BadPosition)?;
        let place =
            Position { at_ms: at_ms.parse().map_err(|_| BadPosition)?, row: row.parse().map_err(|_| BadPosition)? };
        if place.to_string() == text { Ok(place) } else { Err(BadPosition) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_written_in_one_way() {
        for text in ["1796376600000-12", "-1-0"] {
            assert_eq!(text.parse().map(|place: Position| place.to_string()), Ok(text.to_owned()));
        }
        for text in ["", "1", "1-", "-1", "01-1", "+1-1", "1-1-1", "1--1", "1-1 ", "1.1", "99999999999999999999-1"] {
            assert_eq!(text.parse::<Position>(), Err(BadPosition), "{text}");
        }
    }
}
