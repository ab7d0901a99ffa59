//! Lists for those who administer: who sees which rows, and which actions are offered.

#![allow(clippy::unwrap_used)]

use super::*;
