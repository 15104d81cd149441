//! What can be wrong with an encrypted part, one thing at a time.

/// One flaw. Under it the content is what it would be without, signed as ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EncryptionFlaw {
    /// Encrypted to somebody else's key.
    ForeignRecipient,
    /// The last bit of the ciphertext is another one: GCM's tag.
    BrokenTag,
    /// A bit in the middle of the ciphertext is another one.
    BrokenContent,
    /// Nine bytes: shorter than any initialization vector.
    ShortCiphertext,
    /// No bytes at all.
    EmptyCiphertext,
    /// CBC: the padding says that it has no bytes.
    ZeroPadding,
    /// CBC: the padding says that it is longer than a block.
    LongPadding,
    /// The transported key has half the bytes that the cipher needs.
    WrongKeyLength,
    /// A bit of the encrypted key is another one.
    BrokenKey,
    /// No EncryptedKey.
    NoKey,
    /// Two EncryptedKeys, the first of another content.
    TwoKeys,
    /// KeyInfo points to a key elsewhere in the network.
    ExternalKey,
    /// CipherData points to bytes elsewhere in the network.
    CipherReference,
    /// The cipher's name is Triple DES.
    UnknownCipher,
    /// The key transport's name is a key wrap.
    UnknownTransport,
    /// An EncryptedAssertion inside an EncryptedAssertion.
    Nested,
    /// Two EncryptedAssertions.
    TwoEncryptedAssertions,
    /// The same Assertion, plain, behind the encrypted one.
    PlainAssertionBeside,
    /// The plaintext is no XML.
    PlaintextNoXml,
    /// The plaintext begins with a DOCTYPE.
    PlaintextDoctype,
    /// The plaintext is the element twice.
    PlaintextTwice,
    /// The plaintext is an element of another name.
    PlaintextOther,
}

impl EncryptionFlaw {
    /// Every flaw that an AES-GCM assertion can have.
    pub const ALL: &'static [Self] = &[
        Self::ForeignRecipient,
        Self::BrokenTag,
        Self::BrokenContent,
        Self::ShortCiphertext,
        Self::EmptyCiphertext,
        Self::WrongKeyLength,
        Self::BrokenKey,
        Self::NoKey,
        Self::TwoKeys,
        Self::ExternalKey,
        Self::CipherReference,
        Self::UnknownCipher,
        Self::UnknownTransport,
        Self::Nested,
        Self::TwoEncryptedAssertions,
        Self::PlainAssertionBeside,
        Self::PlaintextNoXml,
        Self::PlaintextDoctype,
        Self::PlaintextTwice,
        Self::PlaintextOther,
    ];
}
