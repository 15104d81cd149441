//! Whole files: the sample, wrong ones, secrets in the wrong place, bombs, mutations.

mod fixture;
mod sample;
