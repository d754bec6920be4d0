// Gradio gives every choice of a group a name of its own, so that arrow keys cannot move among them: give them one.
(() => {
  "use strict";
  const join = () => {
    for (const group of document.querySelectorAll('fieldset[id]')) {
      for (const choice of group.querySelectorAll('input[type="radio"]')) {
        if (choice.name !== group.id) choice.name = group.id;
      }
    }
  };
  join();
  new MutationObserver(join).observe(document.documentElement, { childList: true, subtree: true });
})();
