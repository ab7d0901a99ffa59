//! What the tests of the IMAP grammar, policy and session share: recorded commands, made-up commands, a reader of both
//! directions that owes nothing to the gateway's own, and a model of a server.

// Each test target uses a part of this.
#![allow(dead_code)]

pub mod corpus;
pub mod generate;
pub mod parse;
pub mod play;
pub mod server;
pub mod wire;

use proptest::test_runner::{Config, RngSeed};
use std::hash::{BuildHasher, RandomState};

/// How properties are tried: `cases` times, unless `PROPTEST_CASES` says otherwise; from a seed that is printed, so that
/// `PROPTEST_RNG_SEED` can repeat it.
#[allow(clippy::print_stdout)] // shown where a test fails
pub fn config(cases: u32) -> Config {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let seed = match config.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => RandomState::new().hash_one(std::process::id()),
    };
    println!("PROPTEST_RNG_SEED={seed} PROPTEST_CASES={}", config.cases);
    config.rng_seed = RngSeed::Fixed(seed);
    config
}
