//! Whole files: the sample, wrong ones, secrets in the wrong place, bombs, mutations.

mod branding;
mod claims;
mod draft;
mod excerpt;
mod factors;
mod fixture;
mod hostile;
mod jsm;
mod presets;
mod problems;
mod protocols;
mod sample;
mod second_factor;
mod sections;
mod warnings;
