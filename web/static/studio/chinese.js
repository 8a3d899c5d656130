// The dictionary that all editors share, and the two ways in which it is spoken: through an editor's own
// translate service, and, for parts that have none, on the texts of its palette and properties.
"use strict";

const chinese = {
  "Properties": "属性", "General": "基本", "Documentation": "说明", "Name": "名称", "ID": "编号", "Type": "类型",
  "Value": "值", "Values": "取值", "Key": "键", "Label": "标签", "Description": "说明", "Condition": "条件",
  "Create": "新建", "Delete": "删除", "Remove": "移除", "Edit": "编辑", "Select": "请选择", "Search": "搜索", "None": "无",
  "Toggle section": "展开或收起", "Toggle list item": "展开或收起", "Create new list item": "新增一项", "Delete item": "删除此项",
  "Section contains edits": "此栏有内容", "Section contains an error": "此栏有错误", "List values": "列表的值",
  "List contains {numOfItems} item": "共 {numOfItems} 项", "List contains {numOfItems} items": "共 {numOfItems} 项",
  "Expression": "表达式", "Script": "脚本", "Format": "格式", "Variable name": "变量名", "Default value": "默认值",
  "Constraints": "约束", "Version tag": "版本标签", "Date": "日期", "Time": "时间", "Number": "数字", "String": "文字",
  "Boolean": "是否", "On": "开", "Off": "关", "Yes": "是", "No": "否", "Update": "更新", "Source": "来源", "Target": "目标",
  "Must not be empty.": "不能为空。", "Must match pattern {pattern}.": "须符合 {pattern}。",
  "Field cannot exceed {maxLength} characters.": "最多 {maxLength} 个字。",
  "Field must be at least {minLength} characters.": "至少 {minLength} 个字。",
  "ID must be a valid QName.": "编号写法不对：只用字母、数字和下划线，以字母开头。", "ID must be unique.": "编号已被使用。",
  "ID must not be empty.": "编号不能为空。", "ID must not contain prefix.": "编号不能带前缀。",
  "ID must not contain spaces.": "编号不能有空格。", "Name must not be empty.": "名称不能为空。",
  "Name must not contain spaces.": "名称不能有空格。", "Key must not be empty.": "键不能为空。",
  "Select an element to edit its properties.": "选中图上的一个元素，在这里改它的属性。",
  "Multiple elements are selected. Select a single element to edit its properties.": "选中了多个元素；请只选一个。",
  "Open pop-up editor": "在大窗口里编辑", "Opened in editor": "已在大窗口里打开", "Close": "关闭",
  "Search in diagram": "在图中查找", "Not found": "没有找到", "<none>": "（无）", "<empty>": "（空）", "<unnamed>": "（未命名）",
  "Learn more.": "了解更多。", "Activate hand tool": "移动画面", "Activate lasso tool": "框选",
  "Add text annotation": "加文字批注", "Connect to other element": "连到另一个元素", "Change type": "改类型", "Copy": "复制",
};

/** what was asked for and nobody has translated; read by the tests */
const notInChinese = new Set();

function speaks(language) {
  const filled = (text, values) => text.replace(/{([^}]+)}/g, (all, name) => values?.[name] ?? all);
  return (text, values) => {
    if (language !== "zh" || !text) return filled(text, values);
    const known = chinese[text] ?? chinese[text.trim()];
    if (known === undefined && /[A-Za-z]{3}/.test(text) && !/[\u3400-\u9fff]/.test(text)) notInChinese.add(text);
    return filled(known ?? text, values);
  };
}

/** Say the texts of these parts of an editor in Chinese, now and whenever they change; never a person's own words. */
function sayInChinese(root, parts, never = "svg, input, textarea, [contenteditable], .cm-editor") {
  const said = (element) => element?.closest(parts) && !element.closest(never);
  const text = (node) => {
    const own = chinese[node.data.trim()];
    if (own && said(node.parentElement)) node.data = node.data.replace(node.data.trim(), own);
  };
  const attributes = (element) => {
    if (!element.closest(parts)) return;
    for (const name of ["title", "placeholder", "aria-label"]) {
      const own = chinese[(element.getAttribute(name) ?? "").trim()];
      if (own) element.setAttribute(name, own);
    }
  };
  const all = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return text(node);
    if (node.nodeType !== Node.ELEMENT_NODE) return;
    attributes(node);
    const walk = document.createTreeWalker(node, NodeFilter.SHOW_TEXT | NodeFilter.SHOW_ELEMENT);
    while (walk.nextNode()) walk.currentNode.nodeType === Node.TEXT_NODE ? text(walk.currentNode) : attributes(walk.currentNode);
  };
  all(root);
  new MutationObserver((changes) => changes.forEach((change) => {
    if (change.type === "characterData") text(change.target);
    else if (change.type === "attributes") attributes(change.target);
    else change.addedNodes.forEach(all);
  })).observe(root, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["title", "placeholder", "aria-label"] });
}
