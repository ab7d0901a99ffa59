//! What the tests of the IMAP grammar, policy and session share: recorded commands, made-up commands, a reader of both
//! directions that owes nothing to the gateway's own, and a model of a server.

// Each test target uses a part of this.
#![allow(dead_code)]

pub mod corpus;
pub mod generate;
pub mod play;
pub mod server;
pub mod wire;

use proptest::test_runner::{Config, RngSeed};
use std::hash::{BuildHasher, RandomState};

/// How properties are tried: from a seed that is printed, so that `PROPTEST_RNG_SEED` can repeat it; `PROPTEST_CASES` says
/// how often, and `share` is what part of that this property gets, in hundredths.
#[allow(clippy::print_stdout)] // shown where a test fails
pub fn config(share: u32) -> Config {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    config.cases = (config.cases * share / 100).max(1);
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => RandomState::new().hash_one(std::process::id()),
    };
    println!("PROPTEST_RNG_SEED={seed} PROPTEST_CASES={}", config.cases * 100 / share);
    config.rng_seed = RngSeed::Fixed(seed);
    config
}
