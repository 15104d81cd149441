//! The operator's file to the settings of the crates above, or to all problems at once.

mod settings;

pub use settings::{
    CertificateFiles, IdentityProvider, Keys, Listen, Settings, Site, StoreSettings,
};
