<?php

// The gateway's own published metadata, put there once the gateway runs. A file NAME.json beside
// NAME.xml says what the operator of this identity provider would set for that service provider.
$peer = require __DIR__ . '/../config/peer.php';

foreach (glob($peer['folder'] . '/service-providers/*.xml') as $file) {
    $options = preg_replace('/\.xml$/', '.json', $file);
    $more = is_file($options) ? json_decode(file_get_contents($options), true, 8, JSON_THROW_ON_ERROR) : [];
    foreach (SimpleSAML\Metadata\SAMLParser::parseDescriptorsFile($file) as $id => $parser) {
        $metadata[$id] = array_merge($parser->getMetadata20SP(), $more);
    }
}
