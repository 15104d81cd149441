<?php

// A static user source: the people of this instance with their passwords and attributes.
$peer = require __DIR__ . '/peer.php';

$people = ['exampleauth:UserPass'];
foreach ($peer['people'] as $login => $person) {
    $people[$login . ':' . $person['password']] = [
        'uid' => [$login],
        'mail' => isset($person['email']) ? [$person['email']] : [],
        'displayName' => [$person['name']],
        'memberOf' => $person['groups'] ?? [],
    ];
}

$config = [
    'admin' => ['core:AdminPassword'],
    'people' => $people,
];
