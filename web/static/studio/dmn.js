// The bridge to the editor of decision tables: Chinese, and the table itself as the first thing shown.
"use strict";

(() => {
  const own = { additionalModules: [{ translate: ["value", speaks(bench.language)] }] };
  const modeler = new window.DmnJS({
    container: bench.root.querySelector("[data-canvas]"),
    drd: own, decisionTable: own, literalExpression: own, boxedExpression: own, common: {},
  });
  const active = () => modeler.getActiveViewer();
  let watched = null;

  function watch() {
    const bus = active()?.get("eventBus", false);
    if (!bus || bus === watched) return;
    watched = bus;
    bus.on("commandStack.changed", ({ trigger }) => { if (trigger !== "clear") bench.changed(); });
  }

  modeler.on("views.changed", watch);
  if (bench.language === "zh") sayInChinese(bench.root, ".dmn-js-parent", "svg, [contenteditable], .cm-editor, .cell, .tjs-table td");
  bench.open({
    async open(text) {
      await modeler.importXML(text);
      const table = modeler.getViews().find((view) => view.type === "decisionTable");
      if (table) await modeler.open(table);
      watch();
      // a change that is closed is only looked at
      bench.root.querySelector(".dmn-js-parent").inert = bench.closed;
    },
    jump(id) {
      const view = modeler.getViews().find((each) => each.element?.id === id);
      if (view) modeler.open(view);
      bench.root.scrollIntoView({ block: "start" });
    },
    text: async () => (await modeler.saveXML({ format: true })).xml,
    do: { undo: () => active()?.get("commandStack").undo(), redo: () => active()?.get("commandStack").redo() },
  });
})();
