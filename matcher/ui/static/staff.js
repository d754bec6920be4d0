// The staff page: links and filters change the address and ask the server for that view, without a new page.
(() => {
  "use strict";
  const PATH = "/s/";
  const input = (id) => document.querySelector(`#${id} textarea, #${id} input`);
  const say = (id, value) => {
    const box = input(id);
    if (!box) return false;
    const proto = box instanceof HTMLTextAreaElement ? HTMLTextAreaElement.prototype : HTMLInputElement.prototype;
    Object.getOwnPropertyDescriptor(proto, "value").set.call(box, value);
    box.dispatchEvent(new Event("input", { bubbles: true }));
    box.dispatchEvent(new KeyboardEvent("keypress", { key: "Enter", bubbles: true })); // Gradio hears keys only
    return true;
  };
  const go = (query) => {
    if (!say("hq-route", query)) return false;
    history.pushState(null, "", PATH + query);
    return true;
  };
  const here = (url) => url.origin === location.origin && url.pathname === PATH;

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    if (!target || !input("hq-route")) return;
    const edit = target.closest("button[data-column]");
    if (edit) say("hq-picked", edit.dataset.column);
    const link = target.closest("a[href]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    const url = new URL(link.href, location.href);
    if (link.hash || link.hasAttribute("download") || !here(url)) return;
    if (go(url.search)) event.preventDefault();
  });
  // What is typed into a dropdown replaces what was chosen, instead of being added to it.
  document.addEventListener("focusin", (event) => {
    const box = event.target instanceof Element && event.target.matches("input[role=combobox]") ? event.target : null;
    if (box && input("hq-route")) setTimeout(() => box.select(), 0);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target instanceof HTMLFormElement ? event.target : null;
    if (!form || !form.hasAttribute("data-go")) return;
    const given = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (value) given.append(name, value);
    if (go("?" + given)) event.preventDefault();
  });
  window.addEventListener("popstate", () => { if (location.pathname === PATH) say("hq-route", location.search); });

  // After a step: to what went wrong, to the list that was asked for, or to the heading.
  window.hqStaffShown = (query) => {
    const list = /[?&](page|kind|company|section|measure|least|soon)=/.test(query);
    window.hqFocus("hq-errors", list ? "hq-list" : "hq-view", "hq-view");
  };
  // After an action the server says where one is now.
  window.hqStaffMoved = (query) => {
    if (PATH + query !== location.pathname + location.search) history.pushState(null, "", PATH + query);
    window.hqStaffShown(query);
  };

  // The job that one looks at has ended: ask for its result, unless one has gone elsewhere meanwhile.
  window.hqStaffTicked = () => {
    if (document.querySelector(".hq-s-progress[data-ended]")) say("hq-route", location.search);
  };

  // A file that the server would refuse is refused before it is sent.
  document.addEventListener("change", (event) => {
    const file = event.target instanceof HTMLInputElement && event.target.type === "file" && event.target.files[0];
    if (!file || !input("hq-route")) return;
    const most = Number((document.querySelector("[class*=hq-mib-]")?.className.match(/hq-mib-(\d+)/) || [])[1]);
    const note = document.getElementById("hq-refused");
    const kind = /\.(xlsx|csv|parquet|jsonl)$/i.test(file.name);
    if (kind && file.size <= most * 1048576) {
      if (note) note.hidden = true;
      window.hqBusy(note ? note.dataset.busy : "");
      return;
    }
    event.stopImmediatePropagation();
    event.preventDefault();
    event.target.value = "";
    if (!note) return;
    note.querySelector("p").textContent = kind
      ? note.dataset.large.replace("{size}", (file.size / 1048576).toFixed(1)).replace("{mib}", most)
      : note.dataset.kind;
    note.hidden = false;
    note.focus();
  }, true);
})();
