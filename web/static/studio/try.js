// Moves the tokens on the picture of a try-out: by buttons, arrows, a slider, or by itself. The rows of the steps
// table say what stands where; without this script their links do the same.
"use strict";

const READABLE = 0.62;

const tryOut = (() => {
  const figure = document.querySelector("[data-try]");
  const rows = [...document.querySelectorAll("tr[data-at]")];
  const find = (what) => document.querySelector(what);
  const slider = find("[data-slider]"), count = find("[data-count]"), where = find("[data-where]");
  const play = find('[data-go="play"]');
  let viewer = null, at = rows.findIndex((row) => row.ariaCurrent === "step" || row.getAttribute("aria-current")) + 1;
  let shown = {}, timer = 0;

  /** element → done or current, as it is right after the step */
  function marksAt(number) {
    const marks = {};
    for (const row of rows.slice(0, number)) marks[row.dataset.element] = "done";
    const tokens = number ? JSON.parse(rows[number - 1].dataset.tokens) : [];
    for (const element of tokens) marks[element] = "current";
    return marks;
  }

  function unmark() {
    const canvas = viewer.get("canvas"), registry = viewer.get("elementRegistry");
    for (const [id, state] of Object.entries(shown)) if (registry.get(id)) canvas.removeMarker(id, `mark-${state}`);
    for (const each of registry.filter((one) => one.waypoints)) canvas.removeMarker(each, "mark-done");
    for (const each of registry.filter((one) => !one.waypoints)) canvas.removeMarker(each, "mark-here");
    viewer.get("overlays").clear();
  }

  function picture() {
    if (!viewer) return;
    unmark();
    shown = marksAt(at);
    mark(viewer, shown);
    markFlows(viewer, rows.slice(0, at).flatMap((row) => JSON.parse(row.dataset.flows)));
    const registry = viewer.get("elementRegistry"), here = rows[at - 1]?.dataset.element;
    if (registry.get(here)) {
      viewer.get("canvas").addMarker(here, "mark-here");
      const badge = document.createElement("div");
      badge.className = "mark-badge mark-badge-here";
      badge.textContent = "◆";
      viewer.get("overlays").add(here, { position: { top: -10, left: -10 }, html: badge });
    }
    const standing = Object.keys(shown).find((id) => shown[id] === "current" && registry.get(id));
    const seen = standing ?? (registry.get(here) ? here : null);
    if (seen) viewer.get("canvas").scrollToElement(seen, { top: 60, bottom: 80, left: 120, right: 260 });
  }

  function link(button, to, possible) {
    button.classList.toggle("disabled", !possible);
    if (!possible) { button.removeAttribute("href"); button.setAttribute("aria-disabled", "true"); return; }
    button.removeAttribute("aria-disabled");
    button.href = rows[to - 1].querySelector("[data-at-link]").href;
  }

  function show(number) {
    at = Math.min(rows.length, Math.max(1, number));
    const row = rows[at - 1];
    for (const each of rows) {
      if (each === row) each.setAttribute("aria-current", "step");
      else each.removeAttribute("aria-current");
    }
    slider.value = at;
    slider.setAttribute("aria-valuetext", count.textContent = count.dataset.words.replace("{at}", at));
    where.replaceChildren(row.querySelector("template").content.cloneNode(true));
    link(find('[data-go="back"]'), at - 1, at > 1);
    link(find('[data-go="on"]'), at + 1, at < rows.length);
    // the place is kept in the address, so that a reload stays where it was
    history.replaceState(null, "", row.querySelector("[data-at-link]").href);
    picture();
  }

  function stop() {
    clearInterval(timer);
    timer = 0;
    play.querySelector("span").textContent = play.dataset.start;
  }

  function start() {
    if (timer) return stop();
    if (at >= rows.length) show(1);
    play.querySelector("span").textContent = play.dataset.stop;
    timer = setInterval(() => (at < rows.length ? show(at + 1) : stop()), 1100);
  }

  function keys(event) {
    const typing = event.target.matches?.("input:not([type=range]), textarea, select, summary") || event.isComposing;
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const onButton = event.target.matches?.("a, button, input");
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      event.preventDefault();
      stop();
      show(at + (event.key === "ArrowLeft" ? -1 : 1));
    } else if (event.key === " " && !onButton) {
      event.preventDefault();
      start();
    }
  }

  function listen() {
    play.dataset.start = play.textContent.trim();
    play.hidden = false;
    slider.parentElement.hidden = false;
    find(".try-keys").hidden = false;
    play.addEventListener("click", start);
    slider.addEventListener("input", () => { stop(); show(Number(slider.value)); });
    document.addEventListener("keydown", keys);
    find(".try-tools").addEventListener("click", (event) => {
      const go = event.target.closest("a[data-go]");
      if (!go) return;
      event.preventDefault();
      stop();
      if (go.hasAttribute("href")) show(at + (go.dataset.go === "back" ? -1 : 1));
    });
    for (const row of rows) {
      row.querySelector("[data-at-link]").addEventListener("click", (event) => {
        event.preventDefault();
        stop();
        show(Number(row.dataset.at));
        find("#picture").scrollIntoView({ block: "nearest" });
      });
    }
  }

  async function open(text) {
    const moddle = viewer.get("moddle");
    const { rootElement: definitions } = await moddle.fromXML(text, "bpmn:Definitions");
    if (!layOut.bare(definitions)) return viewer.importXML(text);
    layOut.add(moddle, definitions);
    return viewer.importDefinitions(definitions);
  }

  async function drawPicture() {
    figure.hidden = false;
    const made = new window.BpmnJS({ container: figure.querySelector(".diagram-canvas") });
    try {
      const answer = await fetch(figure.dataset.try);
      if (!answer.ok) throw new Error(String(answer.status));
      viewer = made;
      await open(await answer.text());
    } catch {
      viewer = null;
      figure.textContent = figure.dataset.failed;
      return;
    }
    viewer.get("canvas").zoom("fit-viewport", "auto");
    // large enough to read; where the tokens are comes into sight by itself
    if (viewer.get("canvas").zoom() < READABLE) viewer.get("canvas").zoom(READABLE);
    figure.addEventListener("click", ({ target }) => {
      const canvas = viewer.get("canvas");
      if (target.dataset?.zoom === "fit") canvas.zoom("fit-viewport", "auto");
      else if (target.dataset?.zoom) canvas.zoom(canvas.zoom() * (target.dataset.zoom === "in" ? 1.25 : 0.8));
    });
    picture();
    figure.dataset.drawn = "yes";
  }

  return { begin() {
    if (!figure) return;
    if (rows.length) listen();
    if (window.BpmnJS) drawPicture();
  } };
})();

// app.js, which draws marks, comes after this file
document.addEventListener("DOMContentLoaded", () => tryOut.begin());
