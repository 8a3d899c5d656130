// The only script of ours. Every page works without it; it adds keys, hides fields that do not apply,
// puts the focus on errors, and draws the diagram. It decides nothing: the server checks everything again.
"use strict";

// --- keys in lists: j and k move, Enter opens, x selects, c claims, / searches, ? explains --------------
const rowLinks = () => [...document.querySelectorAll("[data-row-link]")];
const rowHere = () => document.activeElement.closest?.("tr");

function moveRow(step) {
  const links = rowLinks();
  if (!links.length) return;
  const at = links.findIndex((link) => link.closest("tr") === rowHere());
  links[Math.min(links.length - 1, Math.max(0, at < 0 ? 0 : at + step))].focus();
}

function pickRow() {
  const box = rowHere()?.querySelector('td.pick input[type="checkbox"]');
  if (box) box.click();
}

function claimRow() {
  rowHere()?.querySelector('form[action$="/claim"] button')?.click();
}

const LIST_KEYS = {
  j: () => moveRow(1),
  k: () => moveRow(-1),
  x: pickRow,
  c: claimRow,
  "/": () => document.getElementById("search")?.focus(),
  "?": () => document.getElementById("keys")?.showModal(),
};
// a reader of screens or a voice may press single keys without meaning to: they can be put off for good
const keysOff = () => localStorage.getItem("keys") === "off";

document.addEventListener("keydown", (event) => {
  // a dialog just closed may keep the focus until the next frame: only an open one takes the keys
  const typing = event.target.matches?.("input:not([type=checkbox]), textarea, select, dialog[open] *") || event.isComposing;
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const arrow = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (arrow && event.target.closest?.("table.rows")) {
    event.preventDefault();
    moveRow(arrow);
  } else if (!keysOff() && LIST_KEYS[event.key] && (rowLinks().length || "/?".includes(event.key))) {
    event.preventDefault();
    LIST_KEYS[event.key]();
  }
});

// --- how many rows are selected, and all of them at once ------------------------------------------------
const picks = () => [...document.querySelectorAll('td.pick input[type="checkbox"]')];

function showPicked() {
  const chosen = picks().filter((box) => box.checked).length;
  const all = document.querySelector("[data-pick-all]");
  const words = document.querySelector("[data-picked]");
  if (words) words.textContent = chosen;
  if (all) {
    all.hidden = false;
    all.checked = chosen > 0 && chosen === picks().length;
    all.indeterminate = chosen > 0 && chosen < picks().length;
  }
  for (const box of picks()) box.closest("tr").classList.toggle("picked", box.checked);
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-pick-all]")) for (const box of picks()) box.checked = event.target.checked;
  if (event.target.matches?.('[data-pick-all], td.pick input[type="checkbox"]')) showPicked();
  if (event.target.matches?.("[data-keys-off]")) localStorage.setItem("keys", event.target.checked ? "off" : "on");
});
document.addEventListener("htmx:afterSettle", showPicked);

// --- fields that apply only after another answer -------------------------------------------------------
// The server puts the condition on the field as a tree of comparisons, so nothing is ever evaluated as code.
function answerOf(form, name) {
  const inputs = [...form.elements].filter((input) => input.name === name && input.type !== "hidden");
  if (!inputs.length) return null;
  if (inputs[0].type === "radio") return inputs.find((input) => input.checked)?.value ?? null;
  if (inputs[0].type === "checkbox") return inputs[0].checked;
  return inputs[0].value === "" ? null : inputs[0].value;
}

const compare = {
  "==": (a, b) => a === b || (a !== null && b !== null && typeof a !== "boolean" && String(a) === String(b)),
  "!=": (a, b) => !compare["=="](a, b),
  "<": (a, b) => Number(a) < Number(b),
  "<=": (a, b) => Number(a) <= Number(b),
  ">": (a, b) => Number(a) > Number(b),
  ">=": (a, b) => Number(a) >= Number(b),
};

function holds(form, [kind, ...parts]) {
  switch (kind) {
    case "value": return parts[0];
    case "name": return answerOf(form, parts[0]);
    case "not": return !holds(form, parts[0]);
    case "and": return holds(form, parts[0]) && holds(form, parts[1]);
    case "or": return holds(form, parts[0]) || holds(form, parts[1]);
    default: return compare[kind](holds(form, parts[0]), holds(form, parts[1]));
  }
}

function applyConditions(form) {
  for (const field of form.querySelectorAll("[data-hide-when]")) {
    field.hidden = Boolean(holds(form, JSON.parse(field.dataset.hideWhen)));
    field.querySelector(".condition")?.setAttribute("hidden", "");
  }
}

function watchForm(form) {
  applyConditions(form);
  form.addEventListener("input", () => applyConditions(form));
  form.addEventListener("change", () => applyConditions(form));
}

// --- a form is sent once, however often its button is pressed -------------------------------------------
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  window.addEventListener("pageshow", () => delete form.dataset.sent, { once: true });
});

// --- the diagram of a case -------------------------------------------------------------------------------
const SIGNS = { done: "✓", current: "▶", overdue: "!", void: "↩" };

function mark(viewer, marks) {
  const canvas = viewer.get("canvas");
  const registry = viewer.get("elementRegistry");
  for (const [id, state] of Object.entries(marks)) {
    const element = registry.get(id);
    if (!element) continue;
    canvas.addMarker(id, `mark-${state}`);
    if (element.waypoints) continue;
    const badge = document.createElement("div");
    badge.className = `mark-badge mark-badge-${state}`;
    badge.textContent = SIGNS[state] ?? "";
    viewer.get("overlays").add(id, { position: { top: -10, right: 10 }, html: badge });
  }
}

function markFlows(viewer, flows) {
  const registry = viewer.get("elementRegistry");
  for (const id of flows) if (registry.get(id)) viewer.get("canvas").addMarker(id, "mark-done");
}

function writeDue(viewer, due) {
  for (const [id, words] of Object.entries(due)) {
    if (!viewer.get("elementRegistry").get(id)) continue;
    const note = document.createElement("div");
    note.className = "mark-due";
    note.textContent = words;
    viewer.get("overlays").add(id, { position: { top: -22, left: 0 }, html: note });
  }
}

const STEP = 60;
const KEYS = {
  "+": (canvas) => canvas.zoom(canvas.zoom() * 1.25),
  "=": (canvas) => canvas.zoom(canvas.zoom() * 1.25),
  "-": (canvas) => canvas.zoom(canvas.zoom() / 1.25),
  "0": (canvas) => canvas.zoom("fit-viewport", "auto"),
  ArrowLeft: (canvas) => canvas.scroll({ dx: STEP, dy: 0 }),
  ArrowRight: (canvas) => canvas.scroll({ dx: -STEP, dy: 0 }),
  ArrowUp: (canvas) => canvas.scroll({ dx: 0, dy: STEP }),
  ArrowDown: (canvas) => canvas.scroll({ dx: 0, dy: -STEP }),
};

function centre(viewer, marks) {
  const registry = viewer.get("elementRegistry");
  const canvas = viewer.get("canvas");
  const { outer, inner } = canvas.viewbox();
  const known = Object.keys(marks).filter((id) => registry.get(id)?.width);
  // where the case is; when it has ended, all of it where there is room, else its last step
  const at = known.find((id) => marks[id] !== "done") ?? (outer.width < 600 ? known.at(-1) : undefined);
  if (!at) return canvas.zoom("fit-viewport", "auto");
  const here = registry.get(at);
  const scale = outer.width < 600 ? 0.65 : 0.8;
  const [width, height] = [outer.width / scale, outer.height / scale];
  // no further than the edge of the drawing: beyond it there is only white
  const within = (wanted, from, to) => Math.max(from, Math.min(wanted, to));
  return canvas.viewbox({
    x: within(here.x + here.width / 2 - width / 2, inner.x - 10, inner.x + inner.width - width + 10),
    y: within(here.y + here.height / 2 - height / 2, inner.y - 10, inner.y + inner.height - height + 10),
    width,
    height,
  });
}

async function draw(figure) {
  if (figure.dataset.drawn || !window.BpmnJS) return;
  figure.dataset.drawn = "yes";
  figure.hidden = false;
  const marks = JSON.parse(figure.dataset.marks);
  const viewer = new window.BpmnJS({ container: figure.querySelector(".diagram-canvas") });
  try {
    const answer = await fetch(figure.dataset.diagram, { headers: { Accept: "application/xml" } });
    if (!answer.ok) throw new Error(String(answer.status));
    await viewer.importXML(await answer.text());
    mark(viewer, marks);
    markFlows(viewer, JSON.parse(figure.dataset.flows));
    writeDue(viewer, JSON.parse(figure.dataset.due));
    centre(viewer, marks);
  } catch {
    figure.textContent = figure.dataset.failed;
    return;
  }
  figure.addEventListener("click", (event) => {
    const canvas = viewer.get("canvas");
    switch (event.target.dataset?.zoom) {
      case "fit": canvas.zoom("fit-viewport", "auto"); break;
      case "current": centre(viewer, marks); break;
      case "in": canvas.zoom(canvas.zoom() * 1.25); break;
      case "out": canvas.zoom(canvas.zoom() / 1.25); break;
    }
  });
  figure.querySelector(".diagram-canvas").addEventListener("keydown", (event) => {
    const act = event.ctrlKey || event.metaKey || event.altKey ? undefined : KEYS[event.key];
    if (!act) return;
    event.preventDefault();
    act(viewer.get("canvas"));
  });
  figure.dispatchEvent(new CustomEvent("drawn", { bubbles: true }));
}

function drawWhenSeen(figure) {
  // inside a closed <details> there is no room to draw in yet
  const fold = figure.closest("details:not([open])");
  if (fold) fold.addEventListener("toggle", () => draw(figure), { once: true });
  else draw(figure);
}

// --- when the page is there -------------------------------------------------------------------------------
document.querySelectorAll("form[data-task]").forEach(watchForm);
showPicked();
document.querySelectorAll("[data-keys]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", LIST_KEYS["?"]);
});
document.querySelectorAll("[data-keys-off]").forEach((box) => (box.checked = keysOff()));
document.querySelectorAll("[data-diagram]").forEach(drawWhenSeen);
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});
(document.querySelector(".error-summary") ?? document.querySelector("[data-focus]"))?.focus();

// stock phrases: a click writes one into the field
document.querySelectorAll("[data-phrases]").forEach((list) => {
  const field = document.getElementById(list.dataset.phrases);
  list.querySelectorAll(".phrase-plain").forEach((plain) => { plain.hidden = true; });
  list.querySelectorAll("[data-phrase]").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => {
      const before = field.value.trimEnd();
      field.value = before ? `${before}\n${button.textContent}` : button.textContent;
      field.focus();
    });
  });
});
