//! The customer in JSM: plan (pure) and apply (JSM clients, links, ledger).

mod settings;

pub use settings::{DeskRule, JsmCloud, JsmSettings, OrganizationRule};
