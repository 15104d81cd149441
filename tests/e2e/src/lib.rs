//! The gateway as its users meet it.
