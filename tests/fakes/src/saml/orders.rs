//! Orders that tests give to a running identity provider, and what it reports.

use super::metadata::{self, Federation, MetadataFlaw, MetadataSignature};
use super::redirect::Binding;
use super::service_provider::ServiceProvider;
use super::{Answer, AuthnRequest, SamlIdp};
use crate::keys::SigningKey;
use crate::people::Person;
use crate::server::Behaviour;

impl SamlIdp {
    /// The person with this first part of the address.
    pub fn person(&self, local_part: &str) -> Person {
        self.core.options.company.person(local_part)
    }

    /// How the pages answer from now on.
    pub fn set_answer(&self, answer: impl Into<Answer>) {
        self.core.state().answer = answer.into();
    }

    /// Signs every browser in as `person` without a page; `None`: shows the page.
    pub fn set_auto(&self, person: Option<Person>) {
        self.core.state().auto = person;
    }

    /// What metadata says from now on.
    pub fn set_metadata(&self, flaw: Option<MetadataFlaw>) {
        self.core.state().metadata_flaw = flaw;
    }

    /// How metadata is signed from now on.
    pub fn sign_metadata(&self, signature: MetadataSignature) {
        self.core.state().metadata_signature = signature;
    }

    /// The key that signs metadata.
    pub fn publisher(&self) -> &SigningKey {
        &self.core.publisher
    }

    /// Publishes a federation's file from now on; `None`: one entity.
    pub fn set_federation(&self, federation: Option<Federation>) {
        self.core.state().federation = federation;
    }

    /// Metadata says WantAuthnRequestsSigned from now on, and unsigned requests are refused.
    pub fn want_signed_requests(&self) {
        self.core.state().wants_signed_requests = true;
    }

    /// Which single logout services metadata lists from now on.
    pub fn set_logout_bindings(&self, bindings: &[Binding]) {
        self.core.state().logout_bindings = bindings.to_vec();
    }

    /// Registers a service provider, or what is new about it.
    ///
    /// # Panics
    /// When `metadata` is not what a real identity provider takes.
    pub fn know(&self, metadata: &str) -> ServiceProvider {
        let provider = ServiceProvider::read(metadata).expect("metadata of a service provider");
        let mut state = self.core.state();
        state.service_providers.retain(|p| p.entity_id != provider.entity_id);
        state.service_providers.push(provider.clone());
        provider
    }

    /// Metadata as published now.
    pub fn metadata(&self) -> String {
        metadata::text(&self.core)
    }

    /// Signs with a new key from now on; metadata names only that.
    pub fn rotate_key(&self) {
        let fresh = self.core.fresh_key();
        let mut state = self.core.state();
        (state.key, state.publishes_key) = (fresh, true);
        state.also_published.clear();
    }

    /// Signs with a new key from now on; metadata names both, as in an orderly rollover.
    pub fn rotate_key_with_overlap(&self) {
        let fresh = self.core.fresh_key();
        let mut state = self.core.state();
        let old = std::mem::replace(&mut state.key, fresh);
        state.also_published.push(old);
    }

    /// Puts a new key into metadata beside the one that signs.
    pub fn stage_key(&self) {
        let fresh = self.core.fresh_key();
        self.core.state().staged = Some(fresh);
    }

    /// Signs with the staged key from now on; metadata names both.
    ///
    /// # Panics
    /// When none is staged.
    pub fn activate_key(&self) {
        let mut state = self.core.state();
        let staged = state.staged.take().expect("a staged key");
        let old = std::mem::replace(&mut state.key, staged);
        state.also_published.push(old);
    }

    /// Takes every key out of metadata but the one that signs.
    pub fn retire_keys(&self) {
        self.core.state().also_published.clear();
    }

    /// Signs with `key` from now on; metadata names only that.
    pub fn use_key(&self, key: SigningKey) {
        let mut state = self.core.state();
        state.also_published.clear();
        (state.key, state.publishes_key) = (key, true);
    }

    /// The key that signs now.
    pub fn key(&self) -> SigningKey {
        self.core.state().key.clone()
    }

    /// Every request that was answered or whose page was shown.
    pub fn requests(&self) -> Vec<AuthnRequest> {
        self.core.state().requests.clone()
    }

    /// How the server treats its peers.
    pub fn behave(&self, behaviour: Behaviour) {
        self.server.behave(behaviour);
    }

    /// How many connections were ever accepted.
    pub fn connections(&self) -> usize {
        self.server.connections()
    }
}
