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

// A long chooser can be narrowed by typing: accents and case do not matter.
const narrow = document.getElementById("narrow");
if (narrow) {
  const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  const rows = [...document.querySelectorAll(".long li")];
  const none = narrow.parentElement.querySelector(".none");
  const show = () => {
    const wanted = fold(narrow.value.trim());
    let found = 0;
    for (const row of rows) {
      row.hidden = !fold(row.querySelector(".label").textContent).includes(wanted);
      found += row.hidden ? 0 : 1;
    }
    none.textContent = found ? "" : narrow.dataset.none;
  };
  narrow.parentElement.hidden = false;
  narrow.addEventListener("input", show);
  // Enter takes the only one that is left, and never another.
  narrow.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    const left = rows.filter((row) => !row.hidden);
    if (left.length === 1) left[0].querySelector("button").click();
  });
  show();
}
