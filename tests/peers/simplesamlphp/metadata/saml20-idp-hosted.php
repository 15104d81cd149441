<?php

$peer = require __DIR__ . '/../config/peer.php';

$metadata[$peer['entity_id']] = [
    'host' => '__DEFAULT__',
    'privatekey' => 'idp.key',
    'certificate' => 'idp.crt',
    'auth' => 'people',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:basic',
    // One instance signs response and assertion, the other only the assertion: both are common.
    'saml20.sign.response' => $peer['sign_response'],
    'saml20.sign.assertion' => true,
    // Single logout is signed both ways, and taken only so.
    'sign.logout' => true,
    'validate.logout' => true,
    'authproc' => [
        3 => ['class' => 'saml:PersistentNameID', 'attribute' => 'uid'],
        4 => [
            'class' => 'saml:AttributeNameID',
            'attribute' => 'mail',
            'Format' => 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress',
        ],
    ],
];
