// The button that prints a report; without scripts it stays hidden and the browser's own menu prints.
(() => {
  "use strict";
  for (const button of document.querySelectorAll("button[data-print]")) button.hidden = false;
  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target.closest("button[data-print]") : null;
    if (target) window.print();
  });
})();
