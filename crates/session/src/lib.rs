//! Sessions, attempts and replay marks, sealed over the store; the hot cache.
