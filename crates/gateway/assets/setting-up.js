// The page of somebody whose account is being made: asks every few seconds how far it is, changes the
// status alone, and goes on once the account is there. Focus and reading place stay where they are.
// A module, so that the script of a page that takes the place of this one has names of its own.

const region = document.querySelector("[role=status]");
const button = document.querySelector("main a.button");
let timer = 0;
let asking = false;
let pressed = false;
let over = false;

// Where to go, if anywhere.
async function ask() {
  const again = region.dataset.again;
  try {
    const answer = await fetch(again, { cache: "no-store", credentials: "same-origin", redirect: "error", signal: AbortSignal.timeout?.(30_000) });
    if (!answer.ok) return become(await answer.text());
    if (answer.headers.get("content-type")?.startsWith("application/json")) return (await answer.json()).go;
    show(await answer.text());
  } catch {
    // No network at the moment: asked again like everything else.
  }
  return pressed ? again : null;
}

// A refusal ends the wait: its page takes the place of this one. It was said, and recorded, once.
function become(page) {
  over = true;
  document.open();
  document.write(page);
  document.close();
  return null;
}

// Said aloud by screen readers, hence only when it is new.
function show(text) {
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[role=status]");
  if (!fresh) return;
  Object.assign(region.dataset, fresh.dataset);
  if (fresh.textContent !== region.textContent) region.replaceChildren(...fresh.childNodes);
}

async function look() {
  asking = true;
  const go = await ask();
  asking = false;
  if (go) location.replace(go);
  else if (!over) wait();
}

function wait() {
  timer = setTimeout(look, Number(region.dataset.seconds) * 1000);
}

// Two that ask at once would get in each other's way: of those one goes on, and it may be the script.
button.addEventListener("click", (event) => {
  clearTimeout(timer);
  if (!asking) return;
  pressed = true;
  event.preventDefault();
});

wait();
