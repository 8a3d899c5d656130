// The bridge to the modeler of diagrams: Chinese, our element templates, marks of the check, ways to a fault.
"use strict";

(() => {
  const canvasArea = bench.root.querySelector("[data-canvas]"), panel = bench.root.querySelector("[data-properties]");
  const additionalModules = [{ translate: ["value", speaks(bench.language)] }];
  // a change that is closed is only looked at
  const modeler = bench.closed ? new window.BpmnJS({ container: canvasArea, additionalModules }) : new window.BpmnModeler({
    container: canvasArea,
    propertiesPanel: { parent: panel },
    // the drawing is saved where the analyst drew it
    alignToOrigin: { alignOnSave: false },
    additionalModules,
  });
  const get = (name, strict) => modeler.get(name, strict);
  let marked = [], walked = [];

  function unmark(which, marker) {
    for (const id of which) if (get("elementRegistry").get(id)) get("canvas").removeMarker(id, marker);
  }

  function mark(problems) {
    unmark(marked, "problem-mark-error");
    unmark(marked, "problem-mark-warning");
    get("overlays").remove({ type: "problem" });
    const worst = new Map();
    for (const { element, severity } of problems) if (element && worst.get(element) !== "error") worst.set(element, severity);
    marked = [...worst.keys()].filter((id) => get("elementRegistry").get(id));
    for (const id of marked) {
      get("canvas").addMarker(id, `problem-mark-${worst.get(id)}`);
      const badge = document.createElement("div");
      badge.className = `problem-badge problem-badge-${worst.get(id)}`;
      badge.textContent = worst.get(id) === "error" ? "▲" : "◆";
      badge.title = problems.filter((each) => each.element === id).map((each) => each.message).join("\n");
      get("overlays").add(id, "problem", { position: { top: -10, right: 10 }, html: badge });
    }
  }

  function jump(id) {
    const element = get("elementRegistry").get(id);
    if (!element) return;
    const top = get("canvas").findRoot(element);
    if (top) get("canvas").setRootElement(top);
    get("canvas").scrollToElement(element, 120);
    get("selection", false)?.select(element);
    bench.root.scrollIntoView({ block: "start" });
    get("canvas").focus?.();
  }

  /** The way so far, its last element as where it stands now. */
  function step(path) {
    unmark(walked, "problem-way");
    unmark(walked, "problem-here");
    get("overlays").remove({ type: "walk" });
    walked = path.filter((id) => get("elementRegistry").get(id));
    for (const id of walked) get("canvas").addMarker(id, "problem-way");
    const last = walked.at(-1);
    if (!last) return;
    get("selection", false)?.select([]);
    get("canvas").addMarker(last, "problem-here");
    const sign = document.createElement("div");
    sign.className = "problem-badge walk-badge";
    sign.textContent = "▶";
    get("overlays").add(last, "walk", { position: { top: -11, left: -11 }, html: sign });
    get("canvas").scrollToElement(last, 120);
  }

  /** What people call the element; undefined for one that is not drawn. */
  function called(id) {
    const element = get("elementRegistry").get(id);
    return element && (element.businessObject.name || id);
  }

  /** The whole diagram, beside the palette and not under it. */
  function fit() {
    const palette = bench.closed ? 24 : 130, edge = 24;
    const { inner, outer } = get("canvas").viewbox();
    const scale = Math.min(1, (outer.width - palette - edge) / inner.width, (outer.height - 2 * edge) / inner.height);
    const [width, height] = [outer.width / scale, outer.height / scale];
    get("canvas").viewbox({ x: inner.x - palette / scale, y: inner.y - (height - inner.height) / 2, width, height });
  }

  async function open(text) {
    const moddle = get("moddle");
    const { rootElement: definitions, warnings } = await moddle.fromXML(text, "bpmn:Definitions");
    if (layOut.bare(definitions)) {
      layOut.add(moddle, definitions);
      await modeler.importDefinitions(definitions);
      if (!bench.closed) bench.changed();
      bench.say(bench.words.laid, "unsaved");
    } else {
      await modeler.importXML(text);
    }
    if (warnings?.length) console.info(`${warnings.length} import warnings`);
    fit();
    modeler.on("commandStack.changed", ({ trigger }) => { if (trigger !== "clear") bench.changed(); });
    if (bench.closed) return;
    // whoever searched by keys goes on with keys
    modeler.on("searchPad.closed", () => requestAnimationFrame(() => get("canvas").focus()));
    const answer = await fetch(bench.root.dataset.templates, { headers: { Accept: "application/json" } });
    if (answer.ok) get("elementTemplatesLoader").setTemplates(await answer.json());
    offerTemplates();
  }

  const listed = (element) => element.businessObject.get("extensionElements")?.get("values").find((each) => each.$type === "camunda:Properties");

  function emptyList(element) {
    const make = (type, parent) => Object.assign(get("bpmnFactory").create(type, { values: [] }), { $parent: parent });
    const step = element.businessObject;
    const around = step.get("extensionElements") ?? make("bpmn:ExtensionElements", step);
    const list = make("camunda:Properties", around);
    get("modeling").updateModdleProperties(element, step, { extensionElements: around });
    get("modeling").updateModdleProperties(element, around, { values: [...around.get("values"), list] });
    return list;
  }

  /** The template on the element; what was entered before and the template does not fix stays as it was. */
  function apply(element, template) {
    const step = element.businessObject;
    const free = template.properties.filter(({ type, binding }) => type !== "Hidden" && binding.type === "property");
    const fixed = template.properties.filter(({ type }) => type === "Hidden").map(({ binding }) => binding.name);
    const entered = Object.fromEntries(free.map(({ binding }) => [binding.name, step.get(binding.name)]).filter(([, value]) => value));
    const kept = (listed(element)?.get("values") ?? []).map(({ name, value }) => ({ name, value })).filter(({ name }) => !fixed.includes(name));
    const done = get("elementTemplates").applyTemplate(element, template) ?? element;
    get("modeling").updateProperties(done, entered);
    if (!kept.length && !listed(done)) return;
    const now = listed(done) ?? emptyList(done);
    const fresh = now.get("values").filter(({ name, value }) => value && !kept.some((each) => each.name === name));
    const values = [...kept.map((each) => get("bpmnFactory").create("camunda:Property", each)), ...fresh];
    for (const each of values) each.$parent = now;
    get("modeling").updateModdleProperties(done, now, { values });
  }

  /** The templates for this kind of element, to choose from: the package leaves the choosing to its host. */
  function offerTemplates() {
    const entry = (element, template) => ({
      label: template.name,
      description: template.description,
      group: template.category,
      action: () => apply(element, template),
    });
    get("popupMenu").registerProvider("office-templates", {
      getPopupMenuEntries: (element) => Object.fromEntries(
        get("elementTemplates").getAll(element).map((template) => [template.id, entry(element, template)]),
      ),
    });
    get("eventBus").on("elementTemplates.select", ({ element }) => {
      const { right, top } = canvasArea.getBoundingClientRect();
      get("popupMenu").open(element, "office-templates", { x: right - 400, y: top + 20 }, { title: speaks(bench.language)("Select a template"), width: 380, search: true });
    });
  }

  const zoom = (factor) => get("canvas").zoom(get("canvas").zoom() * factor);
  if (bench.language === "zh") {
    sayInChinese(bench.root, ".bio-properties-panel, .djs-popup, .djs-palette, .djs-context-pad, .djs-minimap, .djs-search-container",
      "svg, input, textarea, [contenteditable], .cm-editor, .bio-properties-panel-header-label, .djs-search-result");
  }
  bench.open({
    open, mark, jump, step, called,
    isFlow: (id) => Boolean(get("elementRegistry").get(id)?.waypoints),
    // a name that is being typed belongs to what is saved
    settle: () => get("directEditing", false)?.complete(),
    text: async () => (await modeler.saveXML({ format: true })).xml,
    do: {
      undo: () => get("commandStack").undo(), redo: () => get("commandStack").redo(),
      fit, in: () => zoom(1.2), out: () => zoom(1 / 1.2),
      find: () => get("searchPad", false)?.toggle(),
    },
  });
})();
