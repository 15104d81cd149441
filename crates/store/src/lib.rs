//! The narrow waist: bytes, deadlines, atomic take, put-if-absent, compare-and-swap, change feed.
