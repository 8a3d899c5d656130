// Lays out a diagram that came without positions: columns by distance from the start, rows by lane.
// It only adds the drawing; processes, steps and foreign attributes stay as they are.
"use strict";

const layOut = (() => {
  const gap = { x: 60, y: 40, pool: 60 }, head = 30;
  const sizes = { event: [36, 36], gateway: [50, 50], task: [100, 80], data: [36, 50], note: [160, 100] };

  const is = (element, ...types) => types.some((type) => element.$instanceOf(type));
  const isNode = (element) => is(element, "bpmn:FlowNode") && !is(element, "bpmn:BoundaryEvent");

  /** Whether the definitions show nothing although there is something to show. */
  const bare = (definitions) => !(definitions.diagrams ?? []).some((diagram) => diagram.plane?.planeElement?.length);

  function sizeOf(element, inner) {
    if (inner) return [inner.width + 2 * gap.y, inner.height + 2 * gap.y];
    if (is(element, "bpmn:Event")) return sizes.event;
    if (is(element, "bpmn:Gateway")) return sizes.gateway;
    if (is(element, "bpmn:TextAnnotation")) return sizes.note;
    return is(element, "bpmn:ItemAwareElement") ? sizes.data : sizes.task;
  }

  /** node → column, by the longest way from where nothing leads in; loops are gone round once */
  function columnsOf(nodes, flows, hosts) {
    const next = new Map(nodes.map((node) => [node, []]));
    for (const flow of flows) next.get(hosts.get(flow.sourceRef) ?? flow.sourceRef)?.push(flow.targetRef);
    const column = new Map(), state = new Map(), order = [];
    const visit = (start) => {
      const stack = [[start, 0]];
      state.set(start, "open");
      while (stack.length) {
        const top = stack[stack.length - 1], target = next.get(top[0])[top[1]++];
        if (target === undefined) { state.set(top[0], "done"); order.push(top[0]); stack.pop(); }
        else if (next.has(target) && !state.has(target)) { state.set(target, "open"); stack.push([target, 0]); }
      }
    };
    const led = new Set(flows.map((flow) => flow.targetRef));
    [...nodes.filter((node) => !led.has(node)), ...nodes].forEach((node) => state.has(node) || visit(node));
    const rank = new Map(order.map((node, index) => [node, order.length - index]));
    for (const node of order.reverse()) {
      const own = column.get(node) ?? 0;
      column.set(node, own);
      for (const target of next.get(node)) {
        // a flow against the order closes a loop and moves nothing
        if (rank.get(target) > rank.get(node)) column.set(target, Math.max(column.get(target) ?? 0, own + 1));
      }
    }
    return column;
  }

  function leafLanes(scope) {
    const open = (lane) => lane.childLaneSet?.lanes?.length ? lane.childLaneSet.lanes.flatMap(open) : [lane];
    return (scope.laneSets ?? []).flatMap((set) => set.lanes ?? []).flatMap(open);
  }

  /** Places of everything in a process or sub-process, from 0, 0. */
  function placed(scope) {
    const all = scope.flowElements ?? [], notes = scope.artifacts ?? [];
    const nodes = all.filter(isNode), flows = all.filter((each) => is(each, "bpmn:SequenceFlow") && each.sourceRef && each.targetRef);
    const edge = all.filter((each) => is(each, "bpmn:BoundaryEvent"));
    const hosts = new Map(edge.map((each) => [each, each.attachedToRef]));
    const inner = new Map(nodes.filter((each) => is(each, "bpmn:SubProcess")).map((each) => [each, placed(each)]));
    const column = columnsOf(nodes, flows, hosts);
    const loose = [...all.filter((each) => is(each, "bpmn:DataObjectReference", "bpmn:DataStoreReference")), ...notes.filter((each) => is(each, "bpmn:TextAnnotation"))];
    const widths = [];
    for (const node of nodes) widths[column.get(node)] = Math.max(widths[column.get(node)] ?? 0, sizeOf(node, inner.get(node))[0]);
    const lefts = widths.map((_w, index) => widths.slice(0, index).reduce((sum, each) => sum + (each ?? 0) + gap.x, gap.x));
    const lanes = leafLanes(scope), boxes = new Map(), bands = [];
    const rows = lanes.length ? lanes.map((lane) => nodes.filter((node) => lane.flowNodeRef?.includes(node))) : [];
    const homeless = nodes.filter((node) => !rows.some((row) => row.includes(node)));
    if (homeless.length) rows.push(homeless);
    let top = 0;
    rows.forEach((row, index) => {
      const stacks = new Map();
      for (const node of row) stacks.set(column.get(node), [...(stacks.get(column.get(node)) ?? []), node]);
      const tall = (stack) => stack.reduce((sum, node) => sum + sizeOf(node, inner.get(node))[1] + gap.y, gap.y);
      const height = Math.max(120, ...[...stacks.values()].map(tall));
      for (const [at, stack] of stacks) {
        let y = top + (height - tall(stack)) / 2 + gap.y;
        for (const node of stack) {
          const [width, high] = sizeOf(node, inner.get(node));
          boxes.set(node, { x: lefts[at] + (widths[at] - width) / 2, y, width, height: high });
          y += high + gap.y;
        }
      }
      if (lanes[index]) bands.push([lanes[index], { y: top, height }]);
      top += height;
    });
    loose.forEach((each, index) => {
      const [width, height] = sizeOf(each);
      boxes.set(each, { x: gap.x + index * 180, y: top + gap.y / 2, width, height });
    });
    if (loose.length) top += 140;
    const perHost = new Map();
    for (const event of edge) {
      const host = boxes.get(event.attachedToRef), nth = perHost.get(event.attachedToRef) ?? 0;
      perHost.set(event.attachedToRef, nth + 1);
      if (host) boxes.set(event, { x: host.x + host.width - 46 - nth * 42, y: host.y + host.height - 18, width: 36, height: 36 });
    }
    const width = (lefts.at(-1) ?? gap.x) + (widths.at(-1) ?? 0) + gap.x;
    return { scope, boxes, bands, inner, flows, links: notes.filter((each) => is(each, "bpmn:Association")), width: Math.max(width, 200), height: Math.max(top, 120) };
  }

  function wayBetween(from, to, below) {
    const start = { x: from.x + from.width, y: from.y + from.height / 2 }, end = { x: to.x, y: to.y + to.height / 2 };
    if (below) start.x = from.x + from.width / 2, start.y = from.y + from.height;
    if (end.x > start.x) {
      if (Math.abs(start.y - end.y) < 1) return [start, end];
      const middle = below ? start.x : end.x - gap.x / 2;
      return [start, { x: middle, y: start.y }, { x: middle, y: end.y }, end].filter((point, index, all) => !index || point.x !== all[index - 1].x || point.y !== all[index - 1].y);
    }
    const foot = Math.max(from.y + from.height, to.y + to.height) + gap.y / 2;
    const out = from.x + from.width / 2, into = to.x + to.width / 2;
    return [{ x: out, y: from.y + from.height }, { x: out, y: foot }, { x: into, y: foot }, { x: into, y: to.y + to.height }];
  }

  return { bare, add(moddle, definitions) {
    const roots = definitions.rootElements ?? [];
    const pools = roots.find((each) => is(each, "bpmn:Collaboration"));
    const parts = pools?.participants?.length ? pools.participants : roots.filter((each) => is(each, "bpmn:Process")).slice(0, 1);
    const shown = [], absolute = new Map();
    const shape = (element, box, more = {}) => {
      absolute.set(element, box);
      shown.push(moddle.create("bpmndi:BPMNShape", { id: `${element.id}_di`, bpmnElement: element, bounds: moddle.create("dc:Bounds", box), ...more }));
    };
    const line = (element, points) => shown.push(moddle.create("bpmndi:BPMNEdge", { id: `${element.id}_di`, bpmnElement: element, waypoint: points.map((point) => moddle.create("dc:Point", point)) }));
    const draw = (plan, x, y, left) => {
      for (const [lane, band] of plan.bands) shape(lane, { x: left ?? x, y: y + band.y, width: plan.width + (x - (left ?? x)), height: band.height }, { isHorizontal: true });
      for (const [element, box] of plan.boxes) {
        const inner = plan.inner.get(element);
        shape(element, { ...box, x: x + box.x, y: y + box.y }, inner ? { isExpanded: true } : {});
        if (inner) draw(inner, x + box.x + gap.y, y + box.y + gap.y);
      }
      for (const flow of [...plan.flows, ...plan.links]) {
        const from = absolute.get(flow.sourceRef), to = absolute.get(flow.targetRef);
        if (from && to) line(flow, wayBetween(from, to, is(flow.sourceRef, "bpmn:BoundaryEvent")));
      }
    };
    let y = 80;
    for (const part of parts) {
      const process = is(part, "bpmn:Participant") ? part.processRef : part;
      const plan = process ? placed(process) : { boxes: new Map(), bands: [], inner: new Map(), flows: [], links: [], width: 600, height: 60 };
      const inPool = part !== process;
      if (inPool) shape(part, { x: 160, y, width: plan.width + head, height: plan.height }, { isHorizontal: true });
      draw(plan, 160 + head, y, 160 + (inPool ? head : 0));
      y += plan.height + gap.pool;
    }
    for (const flow of pools?.messageFlows ?? []) {
      const from = absolute.get(flow.sourceRef), to = absolute.get(flow.targetRef);
      if (from && to) line(flow, [{ x: from.x + from.width / 2, y: from.y < to.y ? from.y + from.height : from.y }, { x: to.x + to.width / 2, y: from.y < to.y ? to.y : to.y + to.height }]);
    }
    const plane = moddle.create("bpmndi:BPMNPlane", { id: "laid_out_plane", bpmnElement: pools?.participants?.length ? pools : parts[0], planeElement: shown });
    const diagram = moddle.create("bpmndi:BPMNDiagram", { id: "laid_out", plane });
    plane.$parent = diagram;
    diagram.$parent = definitions;
    for (const each of shown) each.$parent = plane;
    definitions.diagrams = [diagram];
  } };
})();
