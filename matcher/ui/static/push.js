// Pushes: the list notices when a look has ended, forms are sent once, and a mail in its frame gets its own styles.
(() => {
  "use strict";
  const POLL_MS = 2000;
  const looked = async () => {
    try {
      const answer = await fetch("/push/scan");
      if (answer.ok && !(await answer.json()).running) { location.reload(); return; }
    } catch { /* the server is away for a moment */ }
    setTimeout(looked, POLL_MS);
  };
  if (document.querySelector("[data-desk-looking]")) setTimeout(looked, POLL_MS);

  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || !("once" in form.dataset)) return;
    if (form.dataset.once === "sent") event.preventDefault();
    form.dataset.once = "sent";
  });
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll("form[data-once]")) form.dataset.once = "";
  });

  // The page's policy forbids style attributes, in the frame too; what a script sets is allowed.
  const paint = (frame) => {
    const mail = frame.contentDocument;
    if (!mail || !mail.body) return;
    for (const node of mail.querySelectorAll("[data-style]")) node.style.cssText = node.dataset.style;
    for (const link of mail.querySelectorAll("a[data-href]")) {
      if (!link.style.textDecoration) link.style.textDecoration = "underline";
    }
    frame.style.height = "1px"; // else it would be as high as it is now at least
    frame.style.height = mail.documentElement.scrollHeight ? `${mail.documentElement.scrollHeight + 2}px` : "";
  };
  for (const frame of document.querySelectorAll("iframe[data-mail]")) {
    frame.addEventListener("load", () => paint(frame));
    paint(frame);
    const fold = frame.closest("details");
    if (fold) fold.addEventListener("toggle", () => paint(frame));
  }
  window.addEventListener("resize", () => { for (const frame of document.querySelectorAll("iframe[data-mail]")) paint(frame); });
})();
