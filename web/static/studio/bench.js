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
  let editor = null, dirty = false, waiting = 0, asked = 0, edits = 0;

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

  /** A button that opens the way to the fault. */
  function walker(path) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "btn btn-sm";
    button.textContent = words.path;
    button.addEventListener("click", () => walk.start(path, button));
    return button;
  }

  /** The way to a fault, gone step by step: by hand, or by itself. */
  const walk = (() => {
    const bar = root.querySelector("[data-walk]"), said = bar?.querySelector("[data-walk-said]");
    const everyMs = 900;
    let path = [], ends = [], at = 0, timer = 0, from = null;

    const button = (name) => bar.querySelector(`[data-walk-go="${name}"]`);

    function go(to) {
      at = Math.max(0, Math.min(ends.length - 1, to));
      editor.step(path.slice(0, ends[at]));
      said.textContent = `${filled(words.step, { at: at + 1, count: ends.length })} ${editor.called(path[ends[at] - 1])}`;
      // a button that goes grey under the finger would lose the focus
      if (at === ends.length - 1 && document.activeElement === button("next")) button("stop").focus({ preventScroll: true });
      if (at === 0 && document.activeElement === button("back")) button("next").focus({ preventScroll: true });
      button("back").disabled = at === 0;
      button("next").disabled = at === ends.length - 1;
      if (at === ends.length - 1) pause();
    }

    function pause() {
      clearInterval(timer);
      timer = 0;
      button("play").textContent = words.play;
    }

    function play() {
      if (timer) return pause();
      if (at === ends.length - 1) go(0);
      timer = setInterval(() => go(at + 1), everyMs);
      button("play").textContent = words.pause;
      return undefined;
    }

    /** A step is an element with the flows that lead to it; what follows the last element belongs to it. */
    function start(way, pressed) {
      path = way.filter((id) => editor.called(id) !== undefined);
      ends = path.map((id, index) => (editor.isFlow(id) ? 0 : index + 1)).filter(Boolean);
      if (!ends.length) return;
      ends[ends.length - 1] = path.length;
      while (editor.isFlow(path[ends.at(-1) - 1])) ends[ends.length - 1] -= 1;
      from = pressed;
      bar.hidden = false;
      root.scrollIntoView({ block: "start" });
      go(0);
      button("next").focus({ preventScroll: true });
    }

    function stop() {
      if (!bar || bar.hidden) return;
      pause();
      bar.hidden = true;
      editor.step([]);
      if (from?.isConnected) from.focus();
    }

    bar?.addEventListener("click", (event) => {
      const act = event.target.closest("[data-walk-go]")?.dataset.walkGo;
      if (act === "stop") stop();
      else if (act === "play") play();
      else if (act) { pause(); go(act === "next" ? at + 1 : at - 1); }
    });
    bar?.addEventListener("keydown", (event) => { if (event.key === "Escape") stop(); });
    return { start, stop };
  })();

  function show(report) {
    walk.stop();
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
    } else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "f" && editor?.do?.find && root.contains(event.target) && !event.target.closest("[data-canvas]")) {
      // on the drawing itself the editor hears the key
      event.preventDefault();
      editor.do.find();
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
