// Keeps what only the browser knows, the part of the address after "#", and notices when the
// customer has signed in in another tab: then this tab goes on to its own page by itself.
"use strict";

for (const field of document.querySelectorAll('input[name="fragment"]')) {
  field.value = location.hash;
}

let wait = 2000;

async function goOnIfSignedIn() {
  try {
    const answer = await fetch("/.vestibule/session", { cache: "no-store" });
    if (answer.ok && (await answer.json()).signed_in) {
      location.reload();
      return;
    }
  } catch {
    // Offline: ask again later.
  }
  wait = Math.min(wait * 1.5, 60000);
  setTimeout(goOnIfSignedIn, wait);
}

setTimeout(goOnIfSignedIn, wait);
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    wait = 2000;
    goOnIfSignedIn();
  }
});
