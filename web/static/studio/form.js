// The bridge to the form editor. The preview comes from the server, drawn as the inbox draws it.
"use strict";

(() => {
  if (bench.closed) return shown();
  const area = bench.root.querySelector("[data-preview-area]");
  const editor = new window.FormEditor.FormEditor({ container: bench.root.querySelector("[data-canvas]"), renderer: { compact: true } });
  let kept = {}, waiting = 0;

  // what the editor does not know (English texts) is put back as it was
  const text = async () => `${JSON.stringify({ ...kept, ...editor.saveSchema() }, null, 2)}\n`;

  async function preview() {
    const answer = await bench.post(bench.root.dataset.preview, await text());
    area.innerHTML = await answer.text();
    area.querySelectorAll("form[data-task]").forEach(watchForm);
  }

  /** A change that is closed is only looked at: the form as the inbox draws it. */
  function shown() {
    const page = bench.root.querySelector("[data-canvas]");
    let content = "";
    return bench.open({
      async open(found) {
        content = found;
        page.innerHTML = await (await bench.post(bench.root.dataset.preview, content)).text();
        page.querySelectorAll("form[data-task]").forEach(watchForm);
      },
      text: async () => content,
    });
  }

  if (bench.language === "zh") {
    sayInChinese(bench.root, ".fjs-palette-container, .fjs-properties-container, .fjs-empty-editor, .fjs-context-pad",
      "svg, input, textarea, [contenteditable], .cm-editor, .bio-properties-panel-header-label");
  }
  bench.open({
    async open(content) {
      kept = JSON.parse(content);
      await editor.importSchema(structuredClone(kept));
      editor.on("changed", () => {
        bench.changed();
        clearTimeout(waiting);
        waiting = setTimeout(preview, 500);
      });
      await preview();
    },
    text,
    jump(id) {
      const field = editor.get("formFieldRegistry").getAll().find((each) => each.id === id || each.key === id);
      if (field) editor.get("selection").set(field);
      bench.root.scrollIntoView({ block: "start" });
    },
    do: { preview: () => { preview(); area.focus(); } },
  });
})();
