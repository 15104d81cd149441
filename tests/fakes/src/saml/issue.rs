//! From a request, a person and an order to the form with the response.

use super::answer::{Answer, Form, Sign};
use super::draft::{Addressee, Attribute, Draft, PASSWORD};
use super::encryption::{Encryption, Sealer};
use super::encryption_flaw::EncryptionFlaw;
use super::flaw::Flaw;
use super::request::AuthnRequest;
use super::sessions::IdpSession;
use super::signature::Shape;
use super::signing::{self, Ingredients};
use super::{AttributeNames, Core, bytes, content, wrapping};
use crate::people::Person;
use crate::text::base64;

impl Core {
    pub(super) fn issue(&self, request: &AuthnRequest, person: &Person, answer: &Answer) -> Form {
        let forged = answer.forged.clone().unwrap_or_else(|| self.somebody_else(person));
        let ingredients = self.ingredients(request, person, &forged, answer);
        self.remember(request, person, &ingredients.draft);
        let wrapped = wrapping::document(&ingredients);
        let mut document = wrapped.unwrap_or_else(|| ingredients.document());
        if let Some(mutate) = &answer.after_signing {
            document = mutate(document);
        }
        let wire = bytes::encode(&ingredients, document, &person.email, &forged.email);
        let response = match answer.flaw {
            Some(Flaw::NotBase64) => "%%% this is not base64 %%%".to_owned(),
            _ => base64(&wire),
        };
        let mut fields = vec![("SAMLResponse".to_owned(), response)];
        fields.extend(request.relay_state.clone().map(|r| ("RelayState".to_owned(), r)));
        Form { action: request.acs.clone(), fields }
    }

    fn ingredients(
        &self,
        request: &AuthnRequest,
        person: &Person,
        forged: &Person,
        answer: &Answer,
    ) -> Ingredients {
        let mut draft = self.draft(request, person);
        let ends = answer.session_ends_after.map(|d| i64::try_from(d.as_secs()).unwrap_or(0));
        draft.session_not_on_or_after = ends.map(|seconds| draft.issued + seconds);
        // SAML Core §3.3.2.2.1: an answer in a context that was asked for.
        let wanted = answer.authn_context.as_ref().or(request.authn_context.first());
        draft.authn_context = Some(wanted.map_or(PASSWORD, String::as_str).to_owned());
        if answer.qualified {
            draft.qualifiers = Some((self.entity_id.clone(), request.issuer.clone()));
        }
        let mut sign = answer.sign;
        if let Some(flaw) = answer.flaw {
            content::apply(flaw, &mut draft, forged);
            sign = content::signed_part(flaw).unwrap_or(sign);
        }
        let key = self.state().key.clone();
        let algorithm = answer.algorithm.unwrap_or(key.algorithm());
        Ingredients {
            draft,
            forged: self.draft(request, forged),
            shape: signing::shape(answer.flaw, Shape::honest(&key, algorithm), &self.foreign_key),
            sign: if answer.flaw == Some(Flaw::Tampered) { Sign::Assertion } else { sign },
            flaw: answer.flaw,
            sealer: answer.encryption.as_ref().map(|order| self.sealer(order, &request.issuer)),
            before_signing: answer.before_signing.clone(),
        }
    }

    /// The order with the certificate that the service provider's metadata names.
    fn sealer(&self, order: &Encryption, service_provider: &str) -> Sealer {
        if order.flaw == Some(EncryptionFlaw::ForeignRecipient) {
            let recipient = self.foreign_key.certificate().clone();
            return Sealer { order: order.clone(), recipient };
        }
        let known = self.known(service_provider);
        let known = known.expect("metadata of the service provider, given with SamlIdp::know");
        let mut keys =
            known.encryption.iter().filter(|c| c.public_key().is_ok_and(|k| k.rsa().is_ok()));
        let recipient =
            keys.nth(order.recipient).expect("an RSA key to encrypt to in the metadata");
        Sealer { order: order.clone(), recipient: recipient.clone() }
    }

    fn draft(&self, request: &AuthnRequest, person: &Person) -> Draft {
        let to = Addressee {
            acs: &request.acs,
            service_provider: &request.issuer,
            request_id: &request.id,
        };
        let now = self.options.clock.now();
        let mut draft = Draft::honest(&self.entity_id, &to, person, now);
        let wanted = request.name_id_format.as_ref().filter(|f| !f.ends_with(":unspecified"));
        if let Some(format) = wanted {
            draft.name_id = Some((format.clone(), name_for(format, person)));
        }
        draft.attributes = self.attributes(person);
        draft
    }

    fn attributes(&self, person: &Person) -> Vec<Attribute> {
        let attribute = |plain: &str, oid: &str, values: Vec<String>| match self.options.attributes
        {
            AttributeNames::Plain => {
                Attribute { name: Some(plain.to_owned()), friendly_name: None, values }
            }
            AttributeNames::Oid => Attribute {
                name: Some(format!("urn:oid:{oid}")),
                friendly_name: Some(plain.to_owned()),
                values,
            },
        };
        vec![
            attribute("mail", "0.9.2342.19200300.100.1.3", vec![person.email.clone()]),
            attribute("displayName", "2.16.840.1.113730.3.1.241", vec![person.name.clone()]),
            attribute("memberOf", "1.2.840.113556.1.2.102", person.groups.clone()),
        ]
    }

    fn somebody_else(&self, person: &Person) -> Person {
        let people = &self.options.company.people;
        people.iter().find(|p| p.subject != person.subject).unwrap_or(person).clone()
    }

    fn remember(&self, request: &AuthnRequest, person: &Person, draft: &Draft) {
        let Some((format, name_id)) = draft.name_id.clone().filter(|_| draft.has_assertion) else {
            return;
        };
        self.state().sessions.push(IdpSession {
            service_provider: request.issuer.clone(),
            person: person.clone(),
            name_id,
            format,
            qualifiers: draft.qualifiers.clone(),
            session_index: draft.session_index.clone(),
        });
    }
}

/// SAML Core §8.3: the identifier that a format stands for.
fn name_for(format: &str, person: &Person) -> String {
    match format.rsplit(':').next() {
        Some("emailAddress") => person.email.clone(),
        Some("transient") => format!("_t{}", crate::text::random_hex()),
        _ => person.subject.clone(),
    }
}
