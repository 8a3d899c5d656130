// What the three editors share: the file comes in, is checked while somebody draws, and is saved as it stands.
// The server decides everything; the list of problems and the marks only show what it said.
"use strict";

const bench = (() => {
  const root = document.getElementById("bench");
  const words = JSON.parse(root.dataset.words);
  const state = root.querySelector("[data-state]");
  const list = document.querySelector("[data-problems]");
  const count = document.querySelector("[data-problem-count]");
  const source = document.getElementById("content");
  const seenInput = document.querySelector('input[name="seen"]');
  const fileName = decodeURIComponent(root.dataset.save.split("/files/")[1]);
  const checkAfterMs = 700;
  let editor = null, dirty = false, waiting = 0, asked = 0, walk = 0, edits = 0;

  const say = (text, kind = "") => { state.textContent = text; state.dataset.state = kind; };
  const filled = (text, values) => text.replace(/{(\w+)}/g, (_all, name) => values[name]);

  async function post(address, text, more = {}) {
    const body = new FormData();
    body.append("file", new Blob([text], { type: "application/octet-stream" }), "file");
    for (const [name, value] of Object.entries(more)) body.append(name, value);
    const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
    return fetch(address, { method: "POST", body, headers: { Accept: "application/json", "X-CSRFToken": token } });
  }

  // --- problems: a list that leads to the element, and marks on the elements -----------------------------
  function entry(problem, file) {
    const row = document.createElement("li");
    row.className = `problem-${problem.severity}`;
    const sign = document.createElement("span");
    sign.className = "problem-sign";
    sign.textContent = `${problem.severity === "error" ? "▲" : "◆"} ${words[problem.severity]}`;
    const said = document.createElement("span");
    const own = file === fileName && problem.element;
    const text = document.createElement(own ? "button" : "span");
    text.textContent = problem.message;
    text.lang = "zh-CN";
    if (own) {
      text.type = "button";
      text.className = "problem-jump";
      text.addEventListener("click", () => editor.jump?.(problem.element));
    }
    const line = document.createElement("small");
    line.textContent = filled(words.line, { line: problem.line });
    said.append(text, " ", line);
    if (own && problem.path?.length && editor.step) said.append(" ", walker(problem.path));
    row.append(sign, said);
    return row;
  }

  /** A button that shows the way to the fault, one element after the other; pressed again, it stops. */
  function walker(path) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.textContent = words.path;
    button.addEventListener("click", () => {
      const going = walk && button.dataset.going;
      stopWalk();
      if (going) return;
      button.dataset.going = "yes";
      button.textContent = words.stop;
      let at = 0;
      const next = () => {
        if (at >= path.length) return stopWalk(true);
        editor.step(path.slice(0, ++at));
        say(filled(words.step, { at, count: path.length }));
      };
      next();
      walk = setInterval(next, 650);
    });
    return button;
  }

  function stopWalk(keep = false) {
    clearInterval(walk);
    walk = 0;
    document.querySelectorAll("[data-going]").forEach((each) => { delete each.dataset.going; each.textContent = words.path; });
    if (!keep) editor.step?.([]);
  }

  function show(report) {
    stopWalk();
    list.replaceChildren();
    let total = 0;
    for (const file of report.files) {
      if (!file.problems.length) continue;
      if (file.name !== fileName) {
        const head = document.createElement("h3");
        head.className = "mono";
        head.textContent = `${file.name} ${words.touched}`;
        list.append(head);
      }
      const rows = document.createElement("ul");
      rows.className = "problems";
      rows.append(...file.problems.map((problem) => entry(problem, file.name)));
      list.append(rows);
      total += file.problems.length;
    }
    if (!total) list.textContent = words.clean;
    count.textContent = total;
    editor.mark?.(report.files.find((file) => file.name === fileName)?.problems ?? []);
  }

  // --- checking and saving --------------------------------------------------------------------------------
  async function check() {
    const mine = ++asked;
    try {
      const text = await editor.text();
      source.value = text;
      const answer = await post(root.dataset.check, text);
      if (mine !== asked) return;
      if (answer.ok) show(await answer.json());
      else say((await answer.json()).detail, "wrong");
    } catch {
      if (mine === asked) say(words.failed, "wrong");
    }
  }

  function changed() {
    if ("closed" in root.dataset) return;
    dirty = true;
    edits += 1;
    say(words.unsaved, "unsaved");
    clearTimeout(waiting);
    waiting = setTimeout(check, checkAfterMs);
  }

  async function save() {
    editor.settle?.();
    if (!dirty) return say(words.saved, "saved");
    say(words.saving);
    try {
      const before = edits;
      const text = await editor.text();
      const answer = await post(root.dataset.save, text, { seen: root.dataset.seen });
      const said = await answer.json();
      if (!answer.ok) return say(said.detail, "wrong");
      root.dataset.seen = seenInput.value = said.digest;
      source.value = text;
      dirty = edits !== before;
      say(dirty ? words.unsaved : words.saved, dirty ? "unsaved" : "saved");
      show(said);
    } catch {
      say(words.failed, "wrong");
    }
    return undefined;
  }

  async function open(made) {
    editor = made;
    root.hidden = false;
    try {
      const answer = await fetch(root.dataset.save.replace("/files/", "/download/"));
      await editor.open(await answer.text());
    } catch (wrong) {
      root.hidden = true;
      document.getElementById("source").open = true;
      const note = document.createElement("p");
      note.className = "note note-danger";
      note.textContent = `▲ ${words.unreadable}${wrong.message}`;
      root.before(note);
      return;
    }
    await check();
    if (location.hash.length > 1) editor.jump?.(decodeURIComponent(location.hash.slice(1)));
    root.dataset.ready = "yes";
  }

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s") {
      event.preventDefault();
      event.stopPropagation();
      if (!("closed" in root.dataset)) save();
    }
  }, true); // before an editor that keeps its keys to itself
  root.addEventListener("click", (event) => {
    const act = event.target.closest("[data-do]")?.dataset.do;
    if (act === "save") save();
    else if (act) editor.do?.[act]?.();
  });
  addEventListener("beforeunload", (event) => { if (dirty && !root.hidden) event.preventDefault(); });
  source.form.addEventListener("submit", () => { dirty = false; });
  addEventListener("hashchange", () => editor?.jump?.(decodeURIComponent(location.hash.slice(1))));

  return { root, words, say, changed, open, post, language: root.dataset.language, closed: "closed" in root.dataset };
})();
