//! A random walk over all own and proxied addresses of the live gateway (capabilities T86): the
//! upstream is reached, and JSM written, only in states in which a model of a few lines allows it.
//!
//! The model knows nothing of the gateway but what is done to it: who answered at an identity
//! provider, whose code was typed and when. Two browsers, restart addresses, stale tabs, Back,
//! replayed posts, dead cookies, moved clocks and restarts are among the steps.

mod acts;
mod dice;
mod known;
mod model;
mod steps;
mod wander;

use dice::Dice;
use steps::Walk;

/// Sequences in the ordinary suite; `./scripts/long walk` says more.
const SEQUENCES: u64 = 1000;
/// Steps of one sequence.
const STEPS: u64 = 14;

/// What `./scripts/long walk` says.
#[expect(clippy::disallowed_methods, reason = "a long run and its repetition are ordered by hand")]
fn ordered(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn t86_no_sequence_of_addresses_leads_around_a_step() {
    let seed = ordered("WALK_SEED").unwrap_or_else(Dice::fresh_seed);
    let sequences = ordered("WALK_SEQUENCES").unwrap_or(SEQUENCES);
    println!("seed {seed}, {sequences} sequences");
    let mut walk = Walk::start(Dice::new(seed)).await;
    for sequence in 0..sequences {
        if sequence > 0 && sequence % 10_000 == 0 {
            println!("{sequence} sequences, {}", walk.model.figures());
        }
        walk.begin(sequence).await;
        for _ in 0..STEPS {
            walk.step().await.unwrap_or_else(|what| {
                panic!("seed {seed}, sequence {sequence}: {what}\n{}", walk.told())
            });
        }
    }
    println!("{}", walk.model.figures());
    assert!(walk.model.covered(sequences), "too little was reached: {}", walk.model.figures());
}
