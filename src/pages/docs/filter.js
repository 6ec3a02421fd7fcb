// Leaves of a list what has all the words typed. Without this everything is shown.
"use strict";

const folded = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

for (const field of document.querySelectorAll("input[data-filters]")) {
  const list = document.getElementById(field.dataset.filters);
  const lines = [...list.querySelectorAll("[data-words]")];
  const groups = [...list.querySelectorAll("[data-group]")];
  const status = field.parentElement.querySelector("[role=status]");
  const apply = () => {
    const words = folded(field.value).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const line of lines) {
      line.hidden = !words.every((word) => line.dataset.words.includes(word));
      shown += line.hidden ? 0 : 1;
    }
    for (const group of groups) {
      group.hidden = group.querySelector("[data-words]:not([hidden])") === null;
    }
    status.textContent = words.length === 0 ? "" : `${shown} sur ${lines.length}`;
  };
  field.addEventListener("input", apply);
  field.parentElement.hidden = false;
  apply();
}
