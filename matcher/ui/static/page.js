// What Gradio lacks: kept language, reading modes kept after reload, Chinese input in dropdowns, focus after a step.
(() => {
  "use strict";
  const root = document.documentElement;
  const MODES = ["large", "contrast"];

  // Gradio speaks the browser's language; the page speaks Chinese to everybody.
  for (const [name, value] of [["language", "zh-CN"], ["languages", ["zh-CN", "zh"]]]) {
    Object.defineProperty(Navigator.prototype, name, { get: () => value, configurable: true });
  }

  const keepLanguage = () => {
    if (root.lang !== "zh-CN") root.lang = "zh-CN";
    if (document.body) document.body.classList.remove("dark");
  };
  keepLanguage();
  new MutationObserver(keepLanguage).observe(root, { attributes: true, attributeFilter: ["lang"] });

  const stored = (mode) => {
    try { return localStorage.getItem("hq-" + mode) === "1"; } catch { return root.classList.contains("hq-" + mode); }
  };
  const applyModes = () => {
    for (const mode of MODES) {
      const on = stored(mode);
      root.classList.toggle("hq-" + mode, on);
      for (const button of document.querySelectorAll(`button[data-mode="${mode}"]`)) {
        if (button.getAttribute("aria-pressed") !== String(on)) button.setAttribute("aria-pressed", String(on));
      }
    }
  };
  const toggleMode = (mode) => {
    const on = !stored(mode);
    try { localStorage.setItem("hq-" + mode, on ? "1" : "0"); } catch { root.classList.toggle("hq-" + mode, on); }
    applyModes();
  };
  // The few words that Gradio never translates.
  const relabel = () => {
    for (const node of document.querySelectorAll('[aria-label="Clear"], [title="Clear"]')) {
      node.setAttribute("aria-label", "清除全部");
      node.removeAttribute("title");
    }
    for (const node of document.querySelectorAll("p.loading")) {
      if (node.textContent === "Loading...") node.textContent = "正在打开……";
    }
    for (const node of document.querySelectorAll('[aria-label^="Remove "], .token-remove[title]')) {
      const token = node.closest(".token");
      node.setAttribute("aria-label", `移除${token ? token.textContent.trim() : ""}`);
      node.removeAttribute("title");
    }
  };
  applyModes();
  new MutationObserver(() => { applyModes(); keepLanguage(); relabel(); }).observe(root, { childList: true, subtree: true });

  const inputOf = (key) => document.querySelector(`#f-${key} input, #f-${key} textarea`);
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const mode = target && target.closest("button[data-mode]");
    if (mode) toggleMode(mode.dataset.mode);
    const link = target && target.closest("a[data-field]");
    if (!link) return;
    event.preventDefault();
    const plan = link.dataset.field.split("_")[0];
    const fold = document.querySelector(`#${plan}.gr-accordion > button`);
    if (fold && !fold.classList.contains("open")) fold.click();
    setTimeout(() => { const input = inputOf(link.dataset.field); if (input) input.focus(); }, 50);
  });

  // Gradio filters a dropdown only on key presses: text committed by an input method or pasted gives none.
  const isCombobox = (node) => node instanceof HTMLInputElement && node.getAttribute("role") === "combobox";
  const refilter = (event) => {
    if (isCombobox(event.target) && !event.isComposing) {
      event.target.dispatchEvent(new KeyboardEvent("keydown", { key: "Process", bubbles: true }));
    }
  };
  document.addEventListener("input", refilter);
  document.addEventListener("compositionend", (event) => queueMicrotask(() => refilter(event)));
  // What is typed replaces the choice, as in every select box; Gradio would append it.
  document.addEventListener("focusin", (event) => {
    if (isCombobox(event.target)) setTimeout(() => { if (document.activeElement === event.target) event.target.select(); }, 0);
  });
  document.addEventListener("keydown", (event) => {
    if (isCombobox(event.target) && event.isComposing) event.stopImmediatePropagation();
  }, true);

  // Gradio tells of a lost connection in a toast, in English: say it in Chinese, at the top, once. /e/ has a box of its own.
  new MutationObserver(() => {
    const toast = document.querySelector(".toast-body");
    const header = document.querySelector(".hq-top");
    if (!toast || !header || document.getElementById("hq-failed") || document.getElementById("hq-lost")) return;
    const box = document.createElement("p");
    Object.assign(box, { id: "hq-lost", className: "hq-errors", tabIndex: -1, textContent: header.dataset.lost });
    box.setAttribute("role", "alert");
    header.after(box);
    box.focus();
  }).observe(root, { childList: true, subtree: true });

  window.hqBusy = (text) => {
    for (const status of document.querySelectorAll(".hq-busy")) status.textContent = text;
  };
  window.hqFocus = (...ids) => setTimeout(() => {
    window.hqBusy("");
    for (const input of document.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
    for (const link of document.querySelectorAll("#hq-errors a[data-field]")) {
      const input = inputOf(link.dataset.field);
      if (input) input.setAttribute("aria-invalid", "true");
    }
    const found = ids.map((id) => document.getElementById(id)).find(Boolean);
    if (found) { found.focus({ preventScroll: true }); found.scrollIntoView({ block: "start" }); }
  }, 150);
})();
