// Tells the pages of this help center that somebody has signed in here, and closes the window if a
// page opened it. Only pages of the same origin hear a BroadcastChannel.
"use strict";

try {
  new BroadcastChannel("vestibule").postMessage("signed-in");
} catch {
  // Pages look for themselves now and then.
}
if (window.name === "vestibule-sign-in") window.close();
