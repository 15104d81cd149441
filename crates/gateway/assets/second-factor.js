// Conveniences of the pages for the second factor: what only the browser knows of the address, a code
// that is sent as soon as it is whole, buttons that copy and print, the reader's own time, and a wait
// that counts down. Everything works without them.
"use strict";

for (const field of document.querySelectorAll('input[name="fragment"]')) {
  field.value = location.hash;
}

// A pasted code may have blanks in it. It is sent once: a second code of the same moment is refused.
const code = document.querySelector("input[data-digits]");
if (code) {
  let sent = false;
  const whole = () => code.value.replace(/\D/g, "");
  code.addEventListener("input", () => {
    if (!sent && whole().length === Number(code.dataset.digits) && !code.form.querySelector("input[type=checkbox]")) {
      sent = true;
      code.value = whole();
      code.form.requestSubmit();
    }
  });
  code.form.addEventListener("submit", () => { sent = true; });
  // Back shows the page again as it was left.
  addEventListener("pageshow", (event) => { if (event.persisted) { sent = false; code.value = ""; } });
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  const text = document.getElementById(button.dataset.copies);
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.textContent.trim());
      button.textContent = button.dataset.done;
    } catch {
      getSelection().selectAllChildren(text);
    }
  });
}

for (const button of document.querySelectorAll("button[data-prints]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

// The reader's own form of the page's language: en-GB writes times other than en-US.
const page = document.documentElement.lang;
const language = navigator.languages.find((own) => own.split("-")[0] === page.split("-")[0]) ?? page;
for (const time of document.querySelectorAll("time[data-clock]")) {
  const moment = new Date(time.dateTime);
  if (!Number.isNaN(moment.getTime())) {
    time.textContent = moment.toLocaleTimeString(language, { timeZoneName: "short" });
  }
}

for (const line of document.querySelectorAll("[data-waits]")) {
  const clock = line.querySelector("span") ?? line;
  const text = line.textContent;
  const shown = (seconds) => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const end = Date.now() + Number(line.dataset.waits) * 1000;
  const first = shown(Number(line.dataset.waits));
  const tick = setInterval(() => {
    const left = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    clock.textContent = text.replace(first, shown(left));
    if (left === 0) clearInterval(tick);
  }, 1000);
}
