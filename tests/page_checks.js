// What is wrong with a page for people, by its window. The least contrasts are those of WCAG 2.2 AA.
function wrongWith(view) {
  const page = view.document, root = page.documentElement, wrong = [];
  page.querySelectorAll("details").forEach((one) => { one.open = true; });
  const told = (node) => (node.textContent || "").trim().slice(0, 40);

  if (root.scrollWidth > root.clientWidth) wrong.push(`wider than the screen: ${root.scrollWidth} > ${root.clientWidth}`);
  for (const one of view.performance.getEntriesByType("resource")) wrong.push(`fetches ${one.name}`);

  const levels = [...page.querySelectorAll("h1,h2,h3,h4,h5,h6")].map((one) => Number(one.tagName[1]));
  if (levels[0] !== 1 || levels.filter((level) => level === 1).length !== 1) wrong.push("not one h1, first");
  levels.forEach((level, n) => { if (n && level > levels[n - 1] + 1) wrong.push(`h${levels[n - 1]} then h${level}`); });

  for (const one of page.querySelectorAll("img")) if (!one.alt.trim()) wrong.push("img without alt");
  for (const one of page.querySelectorAll("img")) if (!one.naturalWidth) wrong.push(`img broken: ${one.alt}`);
  for (const one of page.querySelectorAll("svg"))
    if (one.getAttribute("role") !== "img" || !one.getAttribute("aria-label")) wrong.push("svg without a label");
  for (const one of page.querySelectorAll("table")) if (!one.querySelector("th[scope=col]")) wrong.push("table without head");
  for (const one of page.querySelectorAll("*"))
    if (one.scrollWidth > one.clientWidth + 1 && /auto|scroll/.test(view.getComputedStyle(one).overflowX) && one.tabIndex < 0)
      wrong.push(`scrolls, but not by keyboard: ${told(one)}`);
  if (!root.lang || !page.title) wrong.push("no language or title");

  const canvas = page.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const probe = page.body.appendChild(page.createElement("i"));
  probe.style.background = "Canvas";
  const paper = rgb(view.getComputedStyle(probe).backgroundColor);
  probe.remove();
  const behind = (node) => {
    for (let one = node; one && one.nodeType === 1; one = one.parentElement) {
      const found = rgb(view.getComputedStyle(one).backgroundColor);
      if (found[3] > 250) return found;
    }
    return paper;
  };
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
  const contrast = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const check = (node, colour, least, what) => {
    const found = contrast(rgb(colour), behind(node));
    if (found < least) wrong.push(`contrast ${found.toFixed(1)} < ${least} of ${what}`);
  };
  let texts = 0, drawn = 0;
  const walk = page.createTreeWalker(page.body, view.NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode.parentElement, style = view.getComputedStyle(node);
    if (!told(walk.currentNode) || style.display === "none" || /^(TITLE|STYLE|SCRIPT)$/i.test(node.tagName)) continue;
    texts += 1;
    check(node, node.closest("svg") ? style.fill : style.color, 4.5, told(node));
    const scale = node.closest("svg") ? node.closest("svg").getBoundingClientRect().width / node.closest("svg").viewBox.baseVal.width : 1;
    if (parseFloat(style.fontSize) * scale < 9) wrong.push(`letters of ${(parseFloat(style.fontSize) * scale).toFixed(1)} points: ${told(node)}`);
  }
  for (const one of page.querySelectorAll("svg polyline, svg rect, svg path, svg circle")) {
    const style = view.getComputedStyle(one);
    drawn += 1;
    check(one, style.stroke === "none" ? style.fill : style.stroke, 3, `a ${one.tagName}`);
  }
  return { wrong: [...new Set(wrong)], texts, drawn, paper: paper.slice(0, 3), width: view.innerWidth };
}
