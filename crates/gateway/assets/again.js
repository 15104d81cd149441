// For pages of the help center: a call by script that finds the session ended asks its customer to
// sign in again, in a window of its own, and is repeated once. Nothing that stands on the page is lost.
//
// Only calls to this origin; only when our own 401 says so; only when the same person signs in. A
// body that cannot be sent twice (a stream) is left to the page. Put it before the page's own
// scripts: <script src="/.vestibule/assets/again.js"></script>; the gateway can do that by itself.
"use strict";

(() => {
  const SESSION = "/.vestibule/session";
  const CHALLENGE = "Vestibule";
  const here = document.currentScript;
  const plainFetch = window.fetch.bind(window);
  const PlainRequest = window.XMLHttpRequest;
  if (window.__vestibuleAgain) return;
  Object.defineProperty(window, "__vestibuleAgain", { value: true });

  const TEXTS = {
    en: {
      title: "Please confirm it is you",
      text: "Your sign-in has ended. Your text and files are kept; what you just did goes on once you have signed in.",
      act: "Sign in", later: "Not now",
      other: "Somebody else is signed in now. Nothing was sent in their name: sign in as the person who wrote this.",
    },
    de: {
      title: "Bitte bestätigen Sie, dass Sie es sind",
      text: "Ihre Anmeldung ist abgelaufen. Text und Dateien bleiben erhalten; was Sie gerade getan haben, geht weiter, sobald Sie angemeldet sind.",
      act: "Anmelden", later: "Jetzt nicht",
      other: "Jetzt ist jemand anderes angemeldet. In diesem Namen wurde nichts gesendet: Melden Sie sich als die Person an, die das geschrieben hat.",
    },
    fr: {
      title: "Veuillez confirmer que c’est bien vous",
      text: "Votre connexion a expiré. Votre texte et vos fichiers sont conservés ; votre action reprendra dès que vous serez connecté.",
      act: "Se connecter", later: "Pas maintenant",
      other: "Quelqu’un d’autre est connecté. Rien n’a été envoyé en son nom : connectez-vous comme la personne qui a écrit ceci.",
    },
    es: {
      title: "Confirme que es usted",
      text: "Su sesión ha terminado. Su texto y sus archivos se conservan; lo que acaba de hacer continuará cuando haya iniciado sesión.",
      act: "Iniciar sesión", later: "Ahora no",
      other: "Ahora ha iniciado sesión otra persona. No se ha enviado nada en su nombre: inicie sesión como la persona que escribió esto.",
    },
    pt: {
      title: "Confirme que é você",
      text: "Seu acesso terminou. Seu texto e seus arquivos estão guardados; o que você acabou de fazer continua assim que você entrar.",
      act: "Entrar", later: "Agora não",
      other: "Outra pessoa entrou agora. Nada foi enviado em nome dela: entre como a pessoa que escreveu isto.",
    },
  };

  const STYLE = `
    dialog { box-sizing: border-box; width: min(26rem, calc(100vw - 2rem)); padding: 1.5rem; border: 1px solid #bcc4cf; border-radius: .875rem;
      background: #fff; color: #16202e; font: 1rem/1.5 system-ui, sans-serif; text-align: start; box-shadow: 0 8px 40px rgb(16 24 40 / 30%); }
    dialog::backdrop { background: rgb(16 24 40 / 45%); }
    h2 { margin: 0 0 .75rem; font-size: 1.25rem; line-height: 1.3; }
    p { margin: 0 0 1rem; }
    .other { color: #a3241b; }
    .other:empty { display: none; }
    button { box-sizing: border-box; width: 100%; min-height: 2.875rem; padding: .5rem 1rem; border: 1px solid #0b5cad; border-radius: .5rem;
      background: #0b5cad; color: #fff; font: inherit; font-weight: 600; cursor: pointer; }
    button.later { margin-top: .5rem; border-color: transparent; background: none; color: #0b5cad; font-weight: 400; }
    button:focus-visible { outline: 3px solid #0b5cad; outline-offset: 2px; }
    @media (prefers-color-scheme: dark) {
      dialog { border-color: #4a5361; background: #1d2128; color: #eef1f5; }
      .other { color: #ff9d94; }
      button { border-color: #8ab8f0; background: #8ab8f0; color: #000; }
      button.later { color: #8ab8f0; }
      button:focus-visible { outline-color: #8ab8f0; }
    }`;

  async function session() {
    try {
      const answer = await plainFetch(SESSION, { cache: "no-store", credentials: "same-origin", headers: { accept: "application/json" } });
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  // Who this page belongs to: said by whoever put the script here, else asked for at once.
  let owner = here?.dataset?.person || null;
  const known = owner ? Promise.resolve() : session().then((now) => { owner = now?.person ?? null; });

  function language() {
    const wanted = [document.documentElement.lang, ...navigator.languages];
    return wanted.map((tag) => tag.split("-")[0].toLowerCase()).find((tag) => TEXTS[tag]) ?? "en";
  }

  function element(name, text, kind) {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  }

  // One card for all calls that wait. Resolves with whether the owner is signed in again.
  let waiting = null;
  function signInAgain() {
    waiting ??= ask().finally(() => { waiting = null; });
    return waiting;
  }

  async function ask() {
    await known;
    // Nobody can tell whether a guest is still the same.
    if (!owner) return false;
    const texts = TEXTS[language()];
    const host = element("div");
    host.id = "vestibule-again";
    const root = host.attachShadow({ mode: "open" });
    const style = new CSSStyleSheet();
    style.replaceSync(STYLE);
    root.adoptedStyleSheets = [style];
    const card = element("dialog");
    card.lang = language();
    const title = element("h2", texts.title);
    title.id = "title";
    const text = element("p", texts.text);
    text.id = "text";
    card.setAttribute("role", "alertdialog");
    card.setAttribute("aria-labelledby", "title");
    card.setAttribute("aria-describedby", "text");
    const other = element("p", "", "other");
    other.setAttribute("role", "alert");
    const act = element("button", texts.act);
    const later = element("button", texts.later, "later");
    act.type = later.type = "button";
    card.append(title, text, other, act, later);
    root.append(card);
    document.documentElement.append(host);
    card.showModal();
    act.focus();

    let channel = null;
    let timer = 0;
    try {
      return await new Promise((done) => {
        // A message is a hint and no more: the session itself is asked.
        const look = async () => {
          const now = await session();
          if (!now?.signed_in) return;
          if (now.person === owner) done(true);
          else other.textContent = texts.other;
        };
        try {
          channel = new BroadcastChannel("vestibule");
          channel.onmessage = look;
        } catch {
          // Looked for every few seconds all the same.
        }
        timer = setInterval(() => { if (document.visibilityState === "visible") look(); }, 3000);
        act.addEventListener("click", () => {
          const place = `popup,width=520,height=720,left=${Math.max(0, screenX + (outerWidth - 520) / 2)},top=${Math.max(0, screenY + 60)}`;
          const opened = window.open(SESSION, "vestibule-sign-in", place);
          opened?.focus();
        });
        later.addEventListener("click", () => done(false));
        card.addEventListener("cancel", () => done(false));
      });
    } finally {
      clearInterval(timer);
      channel?.close();
      card.close();
      host.remove();
    }
  }

  const isOwn = (url) => { try { return new URL(url, document.baseURI).origin === location.origin; } catch { return false; } };
  const isOurs = (url) => new URL(url, document.baseURI).pathname.startsWith("/.vestibule/");
  const isChallenge = (status, field) => status === 401 && (field ?? "").split(" ")[0] === CHALLENGE;

  window.fetch = async function fetch(input, init) {
    const request = typeof Request === "function" && input instanceof Request;
    const url = request ? input.url : String(input);
    const stream = init?.body instanceof ReadableStream;
    if (!isOwn(url) || isOurs(url) || stream) return plainFetch(input, init);
    // A request's body can be read once: the copy is for the second time.
    const copy = request && !input.bodyUsed ? input.clone() : input;
    const answer = await plainFetch(input, init);
    if (!isChallenge(answer.status, answer.headers.get("www-authenticate"))) return answer;
    return (await signInAgain()) ? plainFetch(copy, init) : answer;
  };

  window.XMLHttpRequest = class XMLHttpRequest extends PlainRequest {
    #call = null;
    #headers = [];
    #body = null;
    #state = "first";

    constructor() {
      super();
      // First of all listeners: the page does not hear of an answer that is asked for again.
      for (const kind of ["readystatechange", "progress", "load", "loadend"]) super.addEventListener(kind, (event) => this.#hear(event));
    }

    open(method, url, asynchronous = true, ...rest) {
      this.#call = { method, url, asynchronous: Boolean(asynchronous), rest };
      this.#headers = [];
      this.#state = "first";
      super.open(method, url, asynchronous, ...rest);
    }

    setRequestHeader(name, value) {
      super.setRequestHeader(name, value);
      this.#headers.push([name, value]);
    }

    send(body = null) {
      this.#body = body;
      super.send(body);
    }

    abort() {
      if (this.#state === "asking") this.#state = "aborted";
      super.abort();
    }

    #hear(event) {
      if (this.#state === "asking") return event.stopImmediatePropagation();
      if (this.#state !== "first" || this.readyState < 2 || !this.#call?.asynchronous) return;
      if (!isOwn(this.#call.url) || isOurs(this.#call.url)) return;
      if (!isChallenge(this.status, this.getResponseHeader("www-authenticate"))) return;
      event.stopImmediatePropagation();
      if (event.type === "loadend") this.#again();
    }

    async #again() {
      this.#state = "asking";
      const signedIn = await signInAgain();
      if (this.#state === "aborted") return;
      if (!signedIn) {
        this.#state = "over";
        for (const kind of ["readystatechange", "load", "loadend"]) this.dispatchEvent(new ProgressEvent(kind));
        return;
      }
      const { method, url, rest } = this.#call;
      const kind = this.responseType;
      super.open(method, url, true, ...rest);
      this.responseType = kind;
      for (const [name, value] of this.#headers) super.setRequestHeader(name, value);
      this.#state = "over";
      super.send(this.#body);
    }
  };
})();
