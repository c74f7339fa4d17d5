  const all = (css, root = document) => [...root.querySelectorAll(css)];
  const make = (tag, traits, text) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(traits)) made.setAttribute(name, value);
    if (text) made.textContent = text;
    return made;
  };
  const status = document.getElementById("status");
  const say = (text) => { status.textContent = text; };
  const block = document.getElementById("page-data");
  const data = block ? JSON.parse(block.textContent) : {};

  // Cells: the value comes first, notes on it are in a <small> after it.
  const ASIDE = "small, .meaning";
  const tidy = (text) => text.replace(/\s+/g, " ").trim();
  const main = (cell) => tidy([...cell.childNodes]
    .filter((part) => !(part.nodeType === 1 && part.matches(ASIDE)))
    .map((part) => part.textContent).join(""));
  const aside = (cell) => tidy(all(ASIDE, cell).map((part) => part.textContent).join("; "));
  const MONTHS = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const measure = (text) => {
    const found = /^([-+]?)(\D{0,5}?)(\d*\.?\d+)(%|pts)?$/
      .exec(text.replace(/[\s,]/g, "").replace(/−/g, "-"));
    if (!found) return null;
    const size = Number(found[3]);
    return { value: found[1] === "-" ? -size : size, unit: found[4] || found[2] };
  };
  const date = (text) => {
    const found = /^(?:(\d{1,2}) )?([A-Z][a-z]{2}) (?:.* )?(\d{4})/.exec(text);
    const month = found ? MONTHS.indexOf(found[2]) : -1;
    return month < 0 ? null : Number(found[3]) * 10000 + month * 100 + Number(found[1] || 0);
  };
  const rank = (cell) => {
    const text = main(cell);
    if (!text || text === "–") return null;
    const number = cell.matches(".n, .heat") ? measure(text) : null;
    return number ? number.value : date(text) ?? text.toLowerCase();
  };
  const compare = (a, b) => (typeof a === "number" && typeof b === "number"
    ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));

  // Sorting: up, down, original order. Totals stay at the end; cells without a value go last.
  const sortable = (table) => table.tHead && table.tHead.rows.length === 1
    && table.tBodies.length === 1 && table.tBodies[0].rows.length > 2
    && !table.matches(".matrix, .still") && !table.querySelector("[colspan], [rowspan]");
  const sort = (table, place, direction) => {
    const body = table.tBodies[0];
    const rows = [...body.rows].sort((a, b) => a.dataset.original - b.dataset.original);
    const moving = rows.filter((row) => !row.matches(".total"));
    const fixed = rows.filter((row) => row.matches(".total"));
    if (direction) {
      const ranked = moving.map((row) => [rank(row.cells[place]), row]);
      ranked.sort(([a], [b]) => (a === null || b === null
        ? (a === null) - (b === null) : direction * compare(a, b)));
      ranked.forEach(([, row], i) => { moving[i] = row; });
    }
    body.append(...moving, ...fixed);
  };
  const makeSortable = (table) => {
    [...table.tBodies[0].rows].forEach((row, i) => { row.dataset.original = i; });
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      const name = main(head);
      // A column that shows a chart has nothing to sort by.
      if (!name || head.matches(".track, .half, .wide")) return;
      const button = make("button", { type: "button", class: "sort" });
      button.append(...head.childNodes);
      head.append(button);
      head.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => {
        const current = head.getAttribute("aria-sort");
        const first = head.matches(".n") ? "descending" : "ascending";
        const second = first === "ascending" ? "descending" : "ascending";
        const next = { none: first, [first]: second, [second]: "none" }[current];
        heads.forEach((other) => {
          if (other.hasAttribute("aria-sort")) other.setAttribute("aria-sort", "none");
        });
        head.setAttribute("aria-sort", next);
        sort(table, place, { ascending: 1, descending: -1, none: 0 }[next]);
        say(next === "none" ? "Original order" : `Sorted by ${name}, ${next}`);
      });
    });
  };

  // A table as CSV: units go to the header, notes to columns of their own, and no text, or
  // part of one between semicolons, can be taken for a formula.
  const quoted = (text) => {
    const safe = text.replace(/((?:^|[;\t\r\n])\s*)([=+\-@＝＋－＠])/g, "$1'$2");
    return /[",\n\r]/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  };
  const column = (name, cells) => {
    const texts = cells.map((cell) => (cell ? main(cell) : ""));
    const numbers = texts.map((text, i) => (
      cells[i] && cells[i].matches(".n, .heat") ? measure(text) : null));
    const units = new Set(numbers.filter(Boolean).map((found) => found.unit));
    const unit = units.size === 1 ? [...units][0] : "";
    const values = texts.map((text, i) => {
      if (text === "–") return "";
      return numbers[i] && units.size === 1 ? String(numbers[i].value) : quoted(text);
    });
    const columns = [[quoted(unit ? `${name} (${unit})` : name), ...values]];
    const asides = cells.map((cell) => (cell ? aside(cell) : ""));
    if (asides.some(Boolean)) columns.push([quoted(`${name}: note`), ...asides.map(quoted)]);
    return columns;
  };
  const csv = (table) => {
    const rows = all("tbody tr", table).filter((row) => !row.hidden);
    const heads = table.tHead ? [...table.tHead.rows].at(-1).cells : rows[0].cells;
    const columns = [...heads].flatMap((head, place) => (
      column(main(head) || `Column ${place + 1}`, rows.map((row) => row.cells[place]))
    )).filter(([, ...values]) => values.some(Boolean));
    const height = rows.length + 1;
    return Array.from({ length: height }, (_, i) => columns.map((c) => c[i]).join(","))
      .join("\r\n");
  };
  const save = (name, text) => {
    const file = new Blob(["\ufeff", text, "\r\n"], { type: "text/csv;charset=utf-8" });
    const link = make("a", { download: name, href: URL.createObjectURL(file) });
    document.body.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    say(`Saved ${name}`);
  };

  const makeSearchable = (table, tools) => {
    const box = make("input", { type: "search", "aria-label": "Search this table", placeholder: "Search" });
    const hits = make("span", {});
    const search = () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      const rows = all("tbody tr", table);
      rows.forEach((row) => {
        const text = row.textContent.toLowerCase();
        row.dataset.missed = words.every((word) => text.includes(word)) ? "" : "yes";
      });
      hide(rows);
      const seen = rows.filter((row) => !row.hidden).length;
      hits.textContent = words.length ? `${seen} of ${rows.length} rows` : "";
      say(hits.textContent);
    };
    box.addEventListener("input", search);
    tools.append(box, hits);
  };
  const hide = (rows) => rows.forEach((row) => {
    row.hidden = ["missed", "other", "outside"].some((why) => row.dataset[why] === "yes");
  });

  const equip = (table, number) => {
    if (table.matches(".waterfall") || !table.tBodies.length || !table.tBodies[0].rows.length) return;
    const section = table.closest("section");
    const tools = make("p", { class: "tools" });
    if (sortable(table)) makeSortable(table);
    const isLong = table.tBodies[0].rows.length > 15 && !table.matches(".matrix, .still");
    if (isLong) makeSearchable(table, tools);
    const title = table.caption ? tidy((table.caption.querySelector("b") || table.caption).textContent) : section.querySelector("h2").textContent;
    const button = make("button", { type: "button", "aria-label": `Save as CSV: ${title}` }, "Save as CSV");
    button.addEventListener("click", () => save(`${section.id}-${number}${suffix(table)}.csv`, csv(table)));
    tools.append(button);
    const home = table.closest(".scroll") || table;
    if (home !== table) {
      // Keyboards can scroll what is wider than the screen.
      home.tabIndex = 0;
      home.setAttribute("role", "group");
      home.setAttribute("aria-label", title);
    }
    if (isLong) home.before(tools);
    else home.after(tools);
  };
