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

/// How properties are tried: `cases` times, unless `PROPTEST_CASES` says otherwise, and from the same seed each time, so
/// that a change is judged by what it changed; `PROPTEST_RNG_SEED=random` or a number looks elsewhere. The seed is printed.
#[allow(clippy::print_stdout)] // shown where a test fails
pub fn config(cases: u32) -> Config {
    let mut config = Config { failure_persistence: None, ..Config::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let seed = match (config.rng_seed, std::env::var("PROPTEST_RNG_SEED")) {
        (RngSeed::Fixed(seed), _) => seed,
        (RngSeed::Random, Ok(_)) => RandomState::new().hash_one(std::process::id()),
        (RngSeed::Random, Err(_)) => 2026,
    };
    println!("PROPTEST_RNG_SEED={seed} PROPTEST_CASES={}", config.cases);
    config.rng_seed = RngSeed::Fixed(seed);
    config
}
