//! The calls to identity providers: metadata and key refresh, code exchange.

mod settings;

pub use settings::{IdpSettings, MetadataSource, OidcSettings, Protocol, SamlSettings};
