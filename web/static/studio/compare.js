// Two versions of a diagram, one above the other, moved and zoomed together, with what differs marked on both.
// The tables below say the same; with this script their rows lead to the element on the picture.
"use strict";

(async () => {
  const figure = document.querySelector("[data-compare]");
  if (!figure || !window.BpmnJS) return;
  const marks = JSON.parse(figure.dataset.marks), words = JSON.parse(figure.dataset.words);
  const signs = { added: "＋", removed: "－", changed: "≠", relabelled: "✎", moved: "⇄" };
  const said = figure.querySelector("[data-said]");
  const sides = [...figure.querySelectorAll("[data-side]")].map((area) => ({
    area, viewer: new window.BpmnJS({ container: area.querySelector(".diagram-canvas") }), pointed: null,
  }));
  const get = (side, name) => side.viewer.get(name);
  let at = -1, following = false;

  /** The middle of a shape; of a flow the middle of its way. */
  function middle(element) {
    if (!element.waypoints) return { x: element.x + element.width / 2, y: element.y + element.height / 2 };
    const [a, b] = element.waypoints.slice(Math.floor((element.waypoints.length - 1) / 2));
    return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  }

  function mark(side) {
    for (const [id, kind] of Object.entries(marks)) {
      const element = get(side, "elementRegistry").get(id);
      if (!element) continue;
      get(side, "canvas").addMarker(id, `differs-${kind}`);
      const badge = document.createElement("div");
      badge.className = `differs-badge differs-badge-${kind}`;
      badge.textContent = signs[kind];
      const corner = element.waypoints
        ? { left: middle(element).x - Math.min(...element.waypoints.map(({ x }) => x)) - 10, top: middle(element).y - Math.min(...element.waypoints.map(({ y }) => y)) - 10 }
        : { top: -10, right: 10 };
      get(side, "overlays").add(id, { position: corner, html: badge });
    }
  }

  function follow(moved) {
    if (following) return;
    following = true;
    const { x, y, width, height } = get(moved, "canvas").viewbox();
    for (const side of sides) if (side !== moved) get(side, "canvas").viewbox({ x, y, width, height });
    following = false;
  }

  function fit() {
    // what only one of them has must be in the window of both
    const boxes = sides.map((side) => get(side, "canvas").viewbox().inner);
    const x = Math.min(...boxes.map((box) => box.x)), y = Math.min(...boxes.map((box) => box.y));
    const right = Math.max(...boxes.map((box) => box.x + box.width)), bottom = Math.max(...boxes.map((box) => box.y + box.height));
    const { outer } = get(sides[0], "canvas").viewbox(), edge = 30;
    const scale = Math.min(1, outer.width / (right - x + edge), outer.height / (bottom - y + edge));
    const [width, height] = [outer.width / scale, outer.height / scale];
    get(sides[0], "canvas").viewbox({ x: (x + right - width) / 2, y: (y + bottom - height) / 2, width, height });
    follow(sides[0]);
  }

  function show(id) {
    const found = sides.map((side) => get(side, "elementRegistry").get(id));
    const { outer, scale } = get(sides[0], "canvas").viewbox();
    const { x, y } = middle(found.find(Boolean));
    const wanted = Math.max(scale, 0.6), [width, height] = [outer.width / wanted, outer.height / wanted];
    get(sides[0], "canvas").viewbox({ x: x - width / 2, y: y - height / 2, width, height });
    follow(sides[0]);
    sides.forEach((side, index) => {
      if (side.pointed) get(side, "canvas").removeMarker(side.pointed, "differs-here");
      side.pointed = found[index] ? id : null;
      if (side.pointed) get(side, "canvas").addMarker(id, "differs-here");
    });
    const name = called(found.findLast(Boolean));
    at = drawn().indexOf(id);
    said.textContent = `${words.at.replace("{at}", at + 1).replace("{count}", drawn().length)} ${signs[marks[id]]} ${words[marks[id]]}：${name}`;
  }

  /** What people call it; a flow without a name by where it comes from and leads to. */
  function called({ id, businessObject, source, target }) {
    return businessObject.name || (source ? `${called(source)} → ${called(target)}` : id);
  }

  /** What differs and can be seen, from left to right. */
  let order = null;
  function drawn() {
    const place = (id) => middle(sides.map((side) => get(side, "elementRegistry").get(id)).find(Boolean)).x;
    order ??= Object.keys(marks).filter((id) => sides.some((side) => get(side, "elementRegistry").get(id))).sort((a, b) => place(a) - place(b));
    return order;
  }

  function step(by) {
    if (drawn().length) show(drawn()[(at + by + drawn().length) % drawn().length]);
  }

  function leadFromTables() {
    for (const name of document.querySelectorAll("[data-element]")) {
      if (!drawn().includes(name.dataset.element)) continue;
      const link = document.createElement("a");
      link.href = "#picture";
      link.append(...name.childNodes);
      link.addEventListener("click", () => show(name.dataset.element));
      name.append(link);
    }
  }

  figure.hidden = false;
  try {
    for (const side of sides) {
      const answer = await fetch(side.area.dataset.side, { headers: { Accept: "application/xml" } });
      if (!answer.ok) throw new Error(String(answer.status));
      await side.viewer.importXML(await answer.text());
    }
  } catch {
    figure.textContent = figure.dataset.failed;
    return;
  }
  const { inner } = get(sides[0], "canvas").viewbox();
  figure.classList.toggle("compare-beside", inner.width < 1.4 * inner.height);
  for (const side of sides) {
    get(side, "canvas").resized();
    mark(side);
    side.viewer.on("canvas.viewbox.changed", () => follow(side));
  }
  fit();
  leadFromTables();
  figure.addEventListener("click", (event) => {
    const canvas = get(sides[0], "canvas");
    switch (event.target.closest("[data-go]")?.dataset.go) {
      case "next": step(1); break;
      case "back": step(-1); break;
      case "fit": fit(); break;
      case "in": canvas.zoom(canvas.zoom() * 1.25); break;
      case "out": canvas.zoom(canvas.zoom() / 1.25); break;
    }
  });
  addEventListener("resize", () => {
    // both must know their new size before either follows the other
    following = true;
    for (const side of sides) get(side, "canvas").resized();
    following = false;
    const { width, height } = get(sides[0], "canvas").getSize();
    if (!width || !height) return;
    if (at < 0) fit();
    else show(drawn()[at]);
  });
  figure.dataset.drawn = "yes";
})();
