// The enterprise page: which step is shown, and what one can do with a measure (watch, compare, comment, filter).
(() => {
  "use strict";
  const root = document.documentElement;
  const MAX_COMPARED = 4;
  const on = (type, act, capture) => document.addEventListener(type, act, capture);
  const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null);
  const says = (key) => (document.getElementById("hq-says") || { dataset: {} }).dataset[key] || "";
  const fill = (key, values) => Object.entries(values).reduce((text, [name, value]) => text.replace(`{${name}}`, value), says(key));

  // ---- draft: Gradio loads the page anew after a lost connection; what was typed must outlive that -------------------
  let typed = {}, waiting = 0;
  const place = () => location.pathname + location.search;
  function draftOf() {
    try {
      const kept = JSON.parse(sessionStorage.getItem("hq-draft") || "{}");
      return kept.url === place() ? kept : {};
    } catch { return {}; }
  }
  const dropDraft = () => {
    clearTimeout(waiting);
    typed = {};
    try { sessionStorage.removeItem("hq-draft"); } catch { /* storage is closed: there is none */ }
  };
  const shown = (box) => {
    const tokens = [...box.querySelectorAll(".token")].map((token) => token.textContent.trim());
    if (tokens.length) return tokens;
    const radios = box.querySelectorAll("input[type=radio]");
    if (radios.length) return (box.querySelector("input:checked") || { value: "" }).value;
    return (box.querySelector("input, textarea") || { value: "" }).value;
  };
  const keepDraft = () => {
    clearTimeout(waiting);
    const kept = document.querySelector(".hq-kept"), owner = kept ? kept.dataset.owner : "";
    if (!owner || !["form", "check"].includes(root.dataset.step)) return;
    for (const box of document.querySelectorAll('#hq-form [id^="f-"]')) typed[box.id.slice(2)] = shown(box);
    try {
      sessionStorage.setItem("hq-draft", JSON.stringify({ owner, url: place(), values: typed }));
    } catch { /* storage is closed or full: no draft */ }
  };
  window.hqDraft = () => [JSON.stringify(draftOf())];

  // ---- steps ---------------------------------------------------------------------------------------------------------
  let seen = "", pending = false;
  const here = /^\/e\/?$/.test(location.pathname);
  if (here) {
    pending = /[?&](profile|run)=/.test(location.search) || draftOf().values !== undefined;
    root.dataset.step = pending ? "opening" : "start";
    history.replaceState({ hqStep: root.dataset.step }, "");
  }

  const mark = () => {
    for (const item of document.querySelectorAll(".hq-steps li")) {
      if (item.dataset.at === root.dataset.step) item.setAttribute("aria-current", "step");
      else item.removeAttribute("aria-current");
    }
    const opening = document.querySelector(".hq-opening");
    const text = root.dataset.step === "opening" && opening ? opening.dataset.text : "";
    if (opening && opening.textContent !== text) opening.textContent = text;
  };
  const show = (step) => { root.dataset.step = step; mark(); };
  const address = () => {
    const url = new URL(location.href);
    url.searchParams.delete("step");
    return url.pathname + url.search;
  };
  const go = (step, url) => {
    const stay = ["opening", step].includes(root.dataset.step);
    history[stay ? "replaceState" : "pushState"]({ hqStep: step }, "", url || address());
    show(step);
  };
  const focusInput = (key) => setTimeout(() => {
    const input = document.querySelector(`#f-${key} :is(input, textarea)`);
    if (input) input.focus();
  }, 50);
  const told = () => {
    const now = document.getElementById("hq-now");
    if (!now || now.dataset.serial === seen) return;
    seen = now.dataset.serial;
    pending = false;
    fail("");
    if (now.dataset.step === "results") dropDraft();
    go(now.dataset.step, now.dataset.url);
    if (now.dataset.focus) window.hqFocus(now.dataset.focus);
    else window.hqBusy("");
    restore();
  };
  const fail = (text) => {
    const box = document.getElementById("hq-failed");
    if (!box || (box.hidden && !text)) return;
    box.hidden = !text;
    box.textContent = text;
    if (!text) return;
    pending = false;
    window.hqBusy("");
    if (root.dataset.step === "opening") go("start");
    box.focus();
  };
  const failed = (key) => {
    const box = document.getElementById("hq-failed");
    if (box && pending) fail(box.dataset[key]);
  };
  window.hqEnded = () => setTimeout(() => failed("failed"), 1000);
  if (here) {
    new MutationObserver(() => {
      mark();
      told();
      const toast = document.querySelector(".toast-body");
      if (toast && toast.textContent.trim()) failed("lost");
    }).observe(root, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-serial"] });
    on("click", (event) => {
      if (closest(event, "#go, #confirm, #answer, #skip, #undo")) pending = true;
      if (closest(event, "#go")) keepDraft();
      if (closest(event, "button[data-draft-clear]")) { dropDraft(); location.assign("/e/"); }
    }, true);
    for (const type of ["input", "click", "keyup"]) {
      on(type, (event) => {
        if (!closest(event, "#hq-form")) return;
        clearTimeout(waiting);
        waiting = setTimeout(keepDraft, 300);
      });
    }
    addEventListener("pagehide", () => { if (Object.keys(typed).length) keepDraft(); });
    addEventListener("popstate", (event) => { if (event.state && event.state.hqStep) show(event.state.hqStep); });
  }
  on("click", (event) => {
    const button = closest(event, "button[data-step]");
    if (button) {
      go(button.dataset.step);
      if (button.dataset.goto) focusInput(button.dataset.goto);
      else window.hqFocus(`hq-${button.dataset.step}-head`);
    }
    if (here && closest(event, "a[data-field]")) go("form");
  }, true);

  // ---- sending -------------------------------------------------------------------------------------------------------
  const say = (place, text, login) => {
    if (!place) return;
    place.textContent = text;
    if (!login) return;
    const link = document.createElement("a");
    link.href = "/login";
    link.textContent = says("logIn");
    place.append(" ", link);
  };
  const reason = async (answer) => {
    if (answer.status === 429) return says("busy");
    try {
      const problem = await answer.json();
      return [problem.title, problem.detail].filter(Boolean).join("：") || says("failed");
    } catch { return says("failed"); }
  };
  const post = async (url, body, place) => {
    let answer;
    try {
      const headers = { "content-type": "application/json" };
      answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), redirect: "manual" });
    } catch { say(place, says("offline")); return false; }
    if (answer.ok) return true;
    const login = answer.status === 401 || answer.type === "opaqueredirect";
    say(place, login ? says("login") : await reason(answer), login);
    return false;
  };
  const statusOf = (button) => button.closest(".hq-acts").querySelector("[role=status]");

  const favourite = async (button) => {
    if (button.getAttribute("aria-busy") === "true") return;
    const wanted = button.getAttribute("aria-pressed") !== "true";
    const place = statusOf(button);
    button.setAttribute("aria-busy", "true");
    if (await post("/mine/favourites", { measure_id: button.dataset.favourite, on: wanted }, place)) {
      button.setAttribute("aria-pressed", String(wanted));
      say(place, says(wanted ? "on" : "off"));
    }
    button.removeAttribute("aria-busy");
  };

  const openFeedback = (details) => {
    const template = document.getElementById("hq-feedback");
    if (!template || details.querySelector("form")) return;
    const form = template.content.firstElementChild.cloneNode(true);
    for (const input of form.querySelectorAll("[name=mark]")) input.name = `mark-${details.dataset.feedback}`;
    details.append(form);
  };
  const sendFeedback = async (form) => {
    const details = form.closest("[data-feedback]"), place = form.querySelector("[role=status]");
    const chosen = form.querySelector("input:checked"), button = form.querySelector("button");
    if (!chosen) {
      say(place, button.dataset.pick);
      form.querySelector("input").focus();
      return;
    }
    if (button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    say(place, says("sending"));
    const note = form.querySelector("textarea").value.trim();
    const body = { run_id: details.dataset.run, target: details.dataset.feedback, mark: chosen.value, note };
    if (await post("/mine/feedback", body, place)) say(place, says("done"));
    button.removeAttribute("aria-busy");
  };

  // ---- comparison ----------------------------------------------------------------------------------------------------
  let kept = [];
  const compared = () => {
    try { kept = JSON.parse(sessionStorage.getItem("hq-compare") || "[]"); } catch { /* storage is closed: this page only */ }
    return kept;
  };
  const keep = (measures) => {
    kept = measures;
    try { sessionStorage.setItem("hq-compare", JSON.stringify(measures)); } catch { /* as above */ }
    restoreCompared();
  };
  const restoreCompared = () => {
    const measures = compared(), bar = document.getElementById("hq-compare-bar");
    for (const button of document.querySelectorAll("button[data-compare]")) {
      button.setAttribute("aria-pressed", String(measures.includes(button.dataset.compare)));
    }
    if (!bar) return;
    bar.hidden = !measures.length;
    say(bar.querySelector("p"), measures.length ? fill("compared", { n: measures.length }) : "");
    bar.querySelector("a").href = "/compare?" + measures.map((measure) => `m=${encodeURIComponent(measure)}`).join("&");
  };
  const compare = (button) => {
    const measures = compared(), measure = button.dataset.compare;
    if (measures.includes(measure)) keep(measures.filter((one) => one !== measure));
    else if (measures.length < MAX_COMPARED) keep([...measures, measure]);
    else say(statusOf(button), says("full"));
  };

  // ---- filter --------------------------------------------------------------------------------------------------------
  const filter = () => {
    const text = document.getElementById("hq-filter-text"), money = document.getElementById("hq-filter-money");
    if (!text || !money) return;
    const words = text.value.trim().toLowerCase().split(/\s+/).filter(Boolean), active = money.checked || words.length > 0;
    let shown = 0, all = 0;
    for (const card of document.querySelectorAll("#hq-results .hq-card")) {
      const head = card.querySelector("h4").textContent + card.querySelector(".hq-source").textContent;
      let left = 0;
      for (const measure of card.querySelectorAll(".hq-measure")) {
        const held = (head + measure.textContent).toLowerCase();
        const fits = words.every((word) => held.includes(word)) && (!money.checked || measure.hasAttribute("data-money"));
        measure.hidden = !fits;
        all += 1;
        left += Number(fits);
      }
      card.hidden = !left;
      shown += left;
    }
    for (const group of document.querySelectorAll("#hq-results :is(.hq-section, .hq-rest)")) {
      group.hidden = !group.querySelector(".hq-card:not([hidden])");
      if (active && group instanceof HTMLDetailsElement) group.open = true;
    }
    const status = document.getElementById("hq-filter-status");
    say(status, !active ? "" : shown ? fill("count", { n: shown, m: all }) : says("none"));
  };
  const restore = () => { restoreCompared(); filter(); };

  // ---- events --------------------------------------------------------------------------------------------------------
  on("click", (event) => {
    const star = closest(event, "button[data-favourite]"), plus = closest(event, "button[data-compare]");
    if (star) favourite(star);
    if (plus) compare(plus);
    if (closest(event, "button[data-compare-clear]")) keep([]);
    if (closest(event, "button[data-filter-clear]")) {
      document.getElementById("hq-filter-text").value = "";
      document.getElementById("hq-filter-money").checked = false;
      filter();
      document.getElementById("hq-filter-text").focus();
    }
  });
  on("input", (event) => { if (closest(event, ".hq-sift")) filter(); });
  on("toggle", (event) => { if (event.target.matches(".hq-feedback[open]")) openFeedback(event.target); }, true);
  on("submit", (event) => {
    if (closest(event, 'form[action="/logout"]')) {
      try { sessionStorage.clear(); } catch { /* storage is closed: there is nothing */ }
    }
    if (closest(event, ".hq-sift")) event.preventDefault();
    if (!closest(event, ".hq-feedback form")) return;
    event.preventDefault();
    sendFeedback(event.target);
  });
  on("DOMContentLoaded", restoreCompared);
})();
