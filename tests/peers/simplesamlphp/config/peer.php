<?php

// What the launcher decided about this instance; every file of this folder reads it from here.
return json_decode(file_get_contents(getenv('PEER_FILE')), true, 32, JSON_THROW_ON_ERROR);
