//! Puts it together: listeners, request path, own endpoints, pages.
