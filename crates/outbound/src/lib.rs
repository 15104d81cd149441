//! The one HTTP client toward identity providers and JSM: deadlines, size caps, no redirects.
