<?php

// SimpleSAMLphp as identity provider, everything under the folder of one instance.
$peer = require __DIR__ . '/peer.php';

$config = [
    'baseurlpath' => $peer['url'] . '/',
    'certdir' => $peer['folder'] . '/',
    'loggingdir' => $peer['folder'] . '/',
    'datadir' => $peer['folder'] . '/',
    'tempdir' => $peer['folder'] . '/tmp',
    'metadatadir' => __DIR__ . '/../metadata',
    'attributenamemapdir' => getenv('PEER_PROGRAM') . '/../../../etc/simplesamlphp/attributemap/',
    'metadata.sources' => [['type' => 'flatfile']],

    'secretsalt' => $peer['salt'],
    'auth.adminpassword' => $peer['salt'],
    'admin.checkforupdates' => false,
    'technicalcontact_name' => 'Nobody',
    'technicalcontact_email' => 'nobody@idp.example',
    'timezone' => 'UTC',

    'showerrors' => true,
    'errorreporting' => false,
    'logging.level' => SimpleSAML\Logger::NOTICE,
    'logging.handler' => 'file',
    'logging.logfile' => 'simplesamlphp.log',

    'enable.saml20-idp' => true,
    'module.enable' => ['core' => true, 'saml' => true, 'exampleauth' => true],

    // Plain http on loopback: a `Secure` cookie would never come back.
    'session.cookie.secure' => false,
    'session.cookie.samesite' => 'Lax',
    'language.cookie.secure' => false,
    'language.cookie.samesite' => 'Lax',
    'session.phpsession.savepath' => $peer['folder'] . '/tmp',
    'store.type' => 'phpsession',
    'language.available' => ['en'],
    'language.default' => 'en',
    'theme.use' => 'default',
];
