
"use strict";
const told = JSON.parse(document.getElementById("tokens").textContent);
const panel = document.getElementById("panel");
const span = (element) => [Number(element.dataset.start), Number(element.dataset.end)];
const tokenOf = (target) => (target instanceof Element ? target.closest("button[data-token]") : null);
let marked = [];

function clear() {
  for (const element of marked) {
    element.classList.remove("here", "same");
    if (element.tagName === "SPAN") element.textContent = element.textContent;
  }
  marked = [];
  panel.replaceChildren();
}

// The characters of a word that the token covers; the whole word where it is not shown letter by letter.
function markWord(head, start, end) {
  const [first, last] = span(head);
  const letters = Array.from(head.textContent);
  if (letters.length !== last - first) {
    head.classList.add("same");
    return;
  }
  const from = Math.max(start - first, 0);
  const to = Math.min(end - first, letters.length);
  const covered = document.createElement("mark");
  covered.textContent = letters.slice(from, to).join("");
  head.replaceChildren(letters.slice(0, from).join(""), covered, letters.slice(to).join(""));
}

function show(button) {
  clear();
  const [start, end] = span(button);
  for (const other of button.closest("table").querySelectorAll("[data-start]")) {
    const [first, last] = span(other);
    if (other === button) button.classList.add("here");
    else if (first >= end || last <= start) continue;
    else if (other.tagName === "SPAN") markWord(other, start, end);
    else other.classList.add("same");
    marked.push(other);
  }
  const name = document.createElement("strong");
  name.textContent = button.textContent;
  panel.replaceChildren(name, ...facts(button).map((fact) => {
    const shown = document.createElement("span");
    shown.textContent = fact;
    return shown;
  }));
}

function facts(button) {
  const [of, id, bytes, rows] = told.tokens[Number(button.dataset.token)];
  const [start, end] = span(button);
  const found = [told.tokenizers[of]];
  if (button.classList.contains("unknown")) found.push("unknown: the vocabulary lacks it");
  if (button.classList.contains("special")) found.push("special");
  if (id !== null) found.push(`id ${id}`);
  if (id !== null && told.sizes[of]) {
    found.push(`rank ${(id + 1).toLocaleString("en")} of ${told.sizes[of].toLocaleString("en")}`);
  }
  found.push(`offsets ${start}–${end}`);
  if (bytes) found.push(`bytes ${bytes.toUpperCase().match(/../g).join(" ")}`);
  return found.concat(rows.map(([model, row]) => `row ${row} of ${model}`));
}

function focused() {
  return tokenOf(document.activeElement);
}

document.addEventListener("mouseover", (event) => {
  const button = tokenOf(event.target);
  if (button) show(button);
});
document.addEventListener("mouseout", (event) => {
  if (!tokenOf(event.target)) return;
  if (focused()) show(focused());
  else clear();
});
document.addEventListener("click", (event) => {
  const button = tokenOf(event.target);
  if (button) show(button);
});
document.addEventListener("focusin", (event) => {
  const button = tokenOf(event.target);
  if (!button) return;
  for (const other of button.closest("table").querySelectorAll("button[tabindex='0']")) other.tabIndex = -1;
  button.tabIndex = 0;
  show(button);
});
document.addEventListener("focusout", (event) => {
  if (tokenOf(event.target)) clear();
});

// A table is one stop of the tab key; arrows go from token to token, up and down to the same characters.
function shownRows(table) {
  return [...table.tBodies[0].rows].filter((row) => !row.hidden && row.querySelector("button"));
}

function stop(table) {
  const buttons = [...table.querySelectorAll("button")];
  for (const button of buttons) button.tabIndex = -1;
  const row = shownRows(table)[0];
  if (row) row.querySelector("button").tabIndex = 0;
}

function nearest(row, start) {
  const buttons = [...row.querySelectorAll("button")];
  return buttons.find((button) => span(button)[1] > start) || buttons[buttons.length - 1];
}

function target(button, key) {
  const row = button.closest("tr");
  const tokens = [...row.querySelectorAll("button")];
  const place = tokens.indexOf(button);
  if (key === "ArrowRight") return tokens[place + 1];
  if (key === "ArrowLeft") return tokens[place - 1];
  if (key === "Home") return tokens[0];
  if (key === "End") return tokens[tokens.length - 1];
  const rows = shownRows(row.closest("table"));
  const next = rows[rows.indexOf(row) + { ArrowDown: 1, ArrowUp: -1 }[key]];
  return next && nearest(next, span(button)[0]);
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") clear();
  const button = focused();
  if (!button || !["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) return;
  event.preventDefault();
  const next = target(button, event.key);
  if (next) next.focus();
});

document.addEventListener("change", (event) => {
  const of = event.target.dataset.switch;
  if (of === undefined) return;
  for (const element of document.querySelectorAll(`[data-of="${of}"]`)) element.hidden = !event.target.checked;
  clear();
  document.querySelectorAll("table.grid").forEach(stop);
});

document.querySelectorAll("table.grid").forEach(stop);
