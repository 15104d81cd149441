// Conveniences of a refusal page: its times in the reader's own zone, a button that copies, and
// another try by itself, which can be stopped. Everything works without them.
"use strict";

// The reader's own form of the page's language: en-GB writes dates other than en-US.
const page = document.documentElement.lang;
const language = navigator.languages.find((own) => own.split("-")[0] === page.split("-")[0]) ?? page;
for (const time of document.querySelectorAll("time[datetime]")) {
  const moment = new Date(time.dateTime);
  if (!Number.isNaN(moment.getTime())) {
    time.textContent = moment.toLocaleString(language, {
      day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit", timeZoneName: "short",
    });
  }
}

for (const button of document.querySelectorAll("button[data-copies]")) {
  const text = document.getElementById(button.dataset.copies);
  button.hidden = !navigator.clipboard;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.value);
      button.textContent = button.dataset.done;
    } catch {
      text.select();
    }
  });
}

// Each try in a row waits twice as long, five minutes at most.
const link = document.querySelector("a[data-retries]");
if (link) {
  let tries = 0;
  try {
    tries = Number(sessionStorage.getItem("vestibule-tries")) || 0;
    sessionStorage.setItem("vestibule-tries", String(tries + 1));
  } catch {
    // Storage is switched off: every wait is the first.
  }
  let left = Math.min(15 * 2 ** tries, 300);
  const line = document.createElement("p");
  line.className = "countdown";
  const say = () => { line.textContent = link.dataset.retries.replace("{}", String(left)); };
  const stop = document.createElement("button");
  stop.type = "button";
  stop.className = "quiet";
  stop.textContent = link.dataset.stop;
  const tick = setInterval(() => {
    left -= 1;
    say();
    if (left <= 0) {
      clearInterval(tick);
      location.assign(link.href);
    }
  }, 1000);
  stop.addEventListener("click", () => {
    clearInterval(tick);
    line.remove();
    stop.remove();
  });
  say();
  link.parentElement.after(line, stop);
}
