//! Plans: how many delegates a mailbox may have (D9).

use std::fmt;
use std::str::FromStr;

/// The name of a plan, as people write it: one line of 1 to 200 characters. Two names that differ in the case of ASCII
/// letters alone are one plan.
#[derive(Clone, Debug)]
pub struct PlanName(String);

/// Why a text is no name of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the name of a plan is one line of 1 to 200 characters")]
pub struct BadPlanName;

/// A plan of the operator's catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its name.
    pub name: PlanName,
    /// How many delegates a mailbox with it may have.
    pub seats: u32,
    /// How many more each pack gives; 0 where packs cannot be had.
    pub pack_seats: u32,
    /// How many packs a mailbox may have.
    pub most_packs: u32,
}

/// The most seats that a plan may give, packs included.
pub const MOST_SEATS: u32 = 100_000;

impl Plan {
    /// The seats of a mailbox with so many packs; those beyond what the plan allows give none.
    pub fn seats_with(&self, packs: u32) -> u32 {
        self.seats.saturating_add(self.pack_seats.saturating_mul(packs.min(self.most_packs)))
    }
}

impl PlanName {
    /// The name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for PlanName {
    fn eq(&self, other: &PlanName) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl Eq for PlanName {}

impl FromStr for PlanName {
    type Err = BadPlanName;

    fn from_str(text: &str) -> Result<Self, BadPlanName> {
        let text = text.trim();
        let ok = (1..=200).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if ok { Ok(Self(text.to_owned())) } else { Err(BadPlanName) }
    }
}

impl fmt::Display for PlanName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d9_packs_give_seats_up_to_what_the_plan_allows() {
        let premium = Plan { name: "Premium".parse().unwrap(), seats: 3, pack_seats: 5, most_packs: 30 };
        let seats: Vec<u32> = [0, 1, 30, 31, u32::MAX].map(|packs| premium.seats_with(packs)).into();
        assert_eq!(seats, [3, 8, 153, 153, 153]);
        let vast = Plan { seats: u32::MAX, pack_seats: u32::MAX, most_packs: u32::MAX, ..premium };
        assert_eq!(vast.seats_with(u32::MAX), u32::MAX);
    }

    #[test]
    fn names_are_told_apart_without_regard_to_case() {
        assert_eq!("pro-3".parse::<PlanName>(), "Pro-3".parse());
        assert_ne!("Pro".parse::<PlanName>(), "Pro-3".parse());
        for text in ["", " ", "a\nb", &"è".repeat(201)] {
            assert_eq!(text.parse::<PlanName>(), Err(BadPlanName), "{text:?}");
        }
        assert!("è".repeat(200).parse::<PlanName>().is_ok());
    }
}
