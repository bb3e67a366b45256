"use strict";
(() => {
  const all = (where, what) => [...where.querySelectorAll(what)];
  const tip = document.body.appendChild(document.createElement("div"));
  tip.className = "tip";
  tip.hidden = true;
  tip.setAttribute("role", "status");

  function show(x, y, lines, picture) {
    tip.replaceChildren();
    if (picture) {
      const image = tip.appendChild(document.createElement("img"));
      image.src = picture;
      image.alt = "";
    }
    for (const line of lines) tip.appendChild(document.createElement("div")).textContent = line;
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = Math.max(4, Math.min(x + 14, innerWidth - width - 4)) + "px";
    tip.style.top = Math.max(4, y + 14 + height > innerHeight ? y - height - 14 : y + 14) + "px";
  }
  const hide = () => { tip.hidden = true; };
  addEventListener("scroll", hide, { passive: true });
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });

  // Tables: a click on a head sorts its column, the largest number or the first word first, then the other way.
  for (const button of all(document, "thead button")) {
    button.addEventListener("click", () => {
      const head = button.closest("th"), row = head.parentNode, body = row.closest("table").tBodies[0];
      const column = [...row.children].indexOf(head);
      const key = (line) => {
        const cell = line.children[column];
        return cell.dataset.value === undefined ? cell.textContent : Number(cell.dataset.value);
      };
      const lines = [...body.rows];
      const numeric = lines.some((line) => typeof key(line) === "number");
      const before = head.getAttribute("aria-sort");
      const up = before ? before !== "ascending" : !numeric;
      const compare = (a, b) => {
        const [x, y] = [key(a), key(b)];
        if (numeric && typeof x !== typeof y) return typeof x === "number" ? -1 : 1;
        return (numeric ? x - y : x.localeCompare(y)) * (up ? 1 : -1);
      };
      body.append(...lines.sort(compare));
      for (const other of row.children) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", up ? "ascending" : "descending");
    });
  }

  // Curves: the values at the epoch under the pointer, or at the one that the arrow keys went to.
  for (const svg of all(document, "svg[data-curves]")) {
    const { x, at, series } = JSON.parse(svg.dataset.curves), cross = svg.querySelector(".cross");
    let now = -1;
    const tell = (number, left, top) => {
      now = number;
      cross.setAttribute("x1", at[now]);
      cross.setAttribute("x2", at[now]);
      cross.removeAttribute("visibility");
      const known = series.filter((one) => one.shown[now]);
      show(left, top, ["epoch " + x[now], ...known.map((one) => one.name + ": " + one.shown[now])]);
    };
    const away = () => { cross.setAttribute("visibility", "hidden"); hide(); };
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      const place = (event.clientX - box.left) * svg.viewBox.baseVal.width / box.width;
      const distances = at.map((value) => Math.abs(value - place));
      tell(distances.indexOf(Math.min(...distances)), event.clientX, event.clientY);
    });
    svg.addEventListener("pointerleave", away);
    svg.addEventListener("blur", away);
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const box = svg.getBoundingClientRect(), next = Math.max(0, Math.min(x.length - 1, now + step));
      tell(next, box.left + at[next] * box.width / svg.viewBox.baseVal.width, box.top + box.height / 2);
    });
  }

  // Pictures are in the page once each, however often they are seen.
  const stored = (id) => { const found = document.getElementById(id); return found ? JSON.parse(found.textContent) : []; };
  const pictures = stored("pictures"), points = stored("points");
  const picture = (number) => pictures[number] && "data:image/jpeg;base64," + pictures[number];
  for (const image of all(document, "img[data-picture]")) image.src = picture(image.dataset.picture);

  // Maps: what a point is, and where the rest of its class lies.
  for (const svg of all(document, "svg.map")) {
    const groups = all(svg, "g[data-class]");
    const clear = () => { for (const group of groups) group.classList.remove("dim"); hide(); };
    svg.addEventListener("pointerover", (event) => {
      if (event.target.tagName !== "circle") return clear();
      const own = event.target.closest("g"), [file, number] = points[event.target.dataset.point] || [""];
      for (const group of groups) group.classList.toggle("dim", groups.length > 1 && group !== own);
      show(event.clientX, event.clientY, [own.dataset.class, file].filter(Boolean), picture(number));
    });
    svg.addEventListener("pointerleave", clear);
  }
  for (const mark of all(document, "[data-tip]")) {
    const tell = () => {
      const box = mark.getBoundingClientRect();
      show(box.right, box.bottom, mark.dataset.tip.split("\n"));
    };
    mark.addEventListener("pointerenter", tell);
    mark.addEventListener("focus", tell);
    mark.addEventListener("pointerleave", hide);
    mark.addEventListener("blur", hide);
  }

  // Galleries: filters, and some queries at a time.
  for (const gallery of all(document, ".gallery")) {
    const queries = all(gallery, ".query"), count = gallery.querySelector(".count"), more = gallery.querySelector(".more");
    const filters = all(gallery, "[data-filter]"), some = 12;
    let limit = some, kind = "all";
    const draw = () => {
      const chosen = queries.filter((query) => kind === "all" || query.dataset.verdict === kind);
      for (const query of queries) query.hidden = true;
      for (const query of chosen.slice(0, limit)) query.hidden = false;
      count.textContent = "showing " + Math.min(limit, chosen.length) + " of " + chosen.length + " queries";
      more.hidden = limit >= chosen.length;
    };
    for (const button of filters) {
      button.addEventListener("click", () => {
        kind = button.dataset.filter;
        limit = some;
        for (const other of filters) other.setAttribute("aria-pressed", String(other === button));
        draw();
      });
    }
    more.addEventListener("click", () => { limit += 2 * some; draw(); });
    draw();
  }

  addEventListener("beforeprint", () => { for (const details of all(document, "details")) details.open = true; });
})();
