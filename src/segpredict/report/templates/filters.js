  // Filters: a segment, a country and a range of months. Charts whose numbers are in the page
  // are redrawn; all others are marked as unfiltered, so that nobody takes them for filtered.
  const FEW = 10; // customers; shares of fewer are not shown
  const THIN = 30; // customers; shares of fewer are grey
  const KINDS = ["segment", "country", "period"];
  const NOT_BY = { segment: "not by segment", country: "not by country", period: "not by month" };
  const BASE = "all customers";
  const segments = data.segments || [];
  const countries = data.countries || [];
  const months = data.periods || [];
  const charts = new Map(Object.entries(data.charts || {}));
  const picked = { segment: null, country: null, period: null };
  const active = () => KINDS.filter((kind) => picked[kind] !== null);

  // Numbers are integers: the matching ones are added up and divided once at the end.
  const unpack = (chart) => {
    if (chart.cells) return chart.cells;
    const [, countryCount, monthCount] = chart.by.map((length) => length || 1);
    let place = 0;
    chart.cells = chart.at.map((step, i) => {
      place += step;
      const month = Math.floor(place / chart.bins);
      const country = Math.floor(month / monthCount);
      return [Math.floor(country / countryCount), country % countryCount, month % monthCount,
        place % chart.bins, chart.n[i]];
    });
    return chart.cells;
  };
  const sums = (chart) => {
    const [segment, country, period] = KINDS.map((kind, i) => (chart.by[i] ? picked[kind] : null));
    const total = new Array(chart.bins).fill(0);
    for (const [ownSegment, ownCountry, month, bin, n] of unpack(chart)) {
      const isIn = (segment === null || ownSegment === segment)
        && (country === null || ownCountry === country)
        && (period === null || (month >= period[0] && month <= period[1]));
      if (isIn) total[bin] += n;
    }
    return total.map((n) => n / chart.per);
  };
  const parts = (of) => /^(\w+)(?:([-/])(\w+))?$/.exec(of).slice(1);
  const figures = (of) => {
    const [first, sign, second] = parts(of);
    const values = sums(charts.get(first));
    if (!sign) return values;
    const others = sums(charts.get(second));
    return values.map((value, i) => {
      if (sign === "-") return value - others[i];
      return others[i] ? value / others[i] : null;
    });
  };
  const kindsOf = (of) => {
    const [first, , second] = parts(of);
    const read = [first, second].filter(Boolean).map((name) => charts.get(name));
    return KINDS.filter((kind, i) => read.every((chart) => chart && chart.by[i]));
  };

  // Texts are formatted as on the page (report/formatting.py).
  const forms = [0, 1, 2].map((digits) => new Intl.NumberFormat("en", {
    minimumFractionDigits: digits, maximumFractionDigits: digits,
  }));
  const number = (value, digits = 0, unit = "") => {
    const text = forms[digits].format(Math.abs(value));
    return `${value < 0 && /[1-9]/.test(text) ? "−" : ""}${unit}${text}`;
  };
  const NOTHING = "–";
  const known = (value, write) => (value === null ? NOTHING : write(value));
  const percent = (value, digits = 1) => `${number(100 * value, digits)}\u202f%`;
  const monthName = (text) => {
    const [, year, month] = /^(\d{4})-(\d{2})$/.exec(text) || [];
    return year ? `${MONTHS.slice(3 * month - 3, 3 * month)} ${year}` : text;
  };
  const names = {
    segment: (place) => segments[place][1],
    country: (place) => countries[place],
    period: ([from, to]) => (from === to ? monthName(months[from])
      : `${monthName(months[from])} to ${monthName(months[to])}`),
  };

  // Every change is recorded first, so that the page can be restored.
  const saved = new Map();
  const TRAITS = ["x", "y", "width", "height", "style", "class", "title", "aria-label", "visibility"];
  const touch = (mark) => {
    if (saved.has(mark)) return mark;
    const traits = TRAITS.map((name) => [name, mark.getAttribute(name)]);
    saved.set(mark, { traits, inside: mark.matches("tr, svg") ? null : [...mark.childNodes] });
    return mark;
  };
  const restore = () => {
    saved.forEach(({ traits, inside }, mark) => {
      traits.forEach(([name, value]) => {
        if (value === null) mark.removeAttribute(name);
        else mark.setAttribute(name, value);
      });
      if (inside) mark.replaceChildren(...inside);
    });
    saved.clear();
  };
  const write = (mark, text) => { touch(mark).textContent = text; };
  const added = (values) => values.reduce((sum, value) => sum + value, 0);

  const drawStrip = (mark, { values }) => {
    const total = added(values);
    const shares = values.map((value) => (total >= FEW ? value / total : 0));
    let left = 0;
    all("rect", mark).forEach((piece, i) => {
      touch(piece).setAttribute("x", `${100 * left}%`);
      piece.setAttribute("width", `${100 * shares[i]}%`);
      const text = touch(all("text", mark)[i]);
      text.setAttribute("x", `${100 * (left + shares[i] / 2)}%`);
      text.setAttribute("visibility", shares[i] < 0.07 ? "hidden" : "visible");
      text.classList.toggle("tight", shares[i] < 0.13);
      text.textContent = percent(shares[i], 0);
      left += shares[i];
    });
    const texts = segments.map(([, name], i) => `${name} ${percent(shares[i], 0)}`);
    touch(mark).setAttribute("aria-label", total >= FEW ? texts.join(", ") : "too few customers");
  };
  const drawTransition = (mark, { value, row }) => {
    const share = row ? value / row : 0;
    const text = row < FEW ? NOTHING : percent(share, 0);
    touch(mark).replaceChildren(text, make("small", {}, number(value)));
    mark.removeAttribute("title");
    mark.style.setProperty("--v", row < THIN ? 0 : Math.round(100 * share));
  };
  const ACTIONS = {
    up(mark, { part }) {
      touch(mark).setAttribute("height", (100 * part).toFixed(2));
      mark.setAttribute("y", (100 - 100 * part).toFixed(2));
    },
    right(mark, { part }) { touch(mark).setAttribute("width", `${(100 * part).toFixed(2)}%`); },
    heat(mark, { value, part }) {
      write(mark, value ? number(value) : "");
      mark.style.setProperty("--v", Math.round(75 * part));
    },
    count(mark, { value }) { write(mark, known(value, (n) => number(n, 0, mark.dataset.unit || ""))); },
    money(mark, { value, isFew }) {
      write(mark, isFew ? "too few" : known(value, (n) => number(n, Math.abs(n) < 100 ? 2 : 0, mark.dataset.unit)));
    },
    minus(mark, it) { ACTIONS.money(mark, { ...it, value: -it.value }); },
    most(mark, it) { ACTIONS[mark.dataset.kind](mark, { value: it.most, isFew: false }); },
    share(mark, { value, row, isFew }) { write(mark, isFew ? "too few" : row ? percent(value / row) : NOTHING); },
    wide(mark, { value, row, isFew }) {
      const share = isFew || !row ? 0 : Math.max(0, value / row);
      touch(all("rect", mark).at(-1)).setAttribute("width", `${(100 * share).toFixed(2)}%`);
    },
    change(mark, { value, row, isFew, bin }) {
      const before = figures(mark.dataset.from);
      const gap = 100 * (value / row - before[bin] / added(before));
      const sign = Math.round(10 * gap) > 0 ? "+" : "";
      write(mark, isFew ? "too few" : row ? `${sign}${number(gap, 1)}\u202fpts` : NOTHING);
    },
    strip: drawStrip,
    transition: drawTransition,
    row(mark, { row }) {
      write(mark, number(row));
      touch(mark.closest("tr")).classList.toggle("thin", row < THIN);
    },
    unknown(mark) { write(mark, NOTHING); },
    words(mark) { write(mark, mark.dataset.words); },
  };

  // `data-n` names the chart that counts the customers of each number, `data-base` that of their sum.
  const isFewFor = ({ n, base }, bin) => {
    const behind = charts.get(n || base);
    if (!behind) return false;
    const counts = sums(behind);
    const least = Math.min(added(counts), n && counts[bin] ? counts[bin] : FEW);
    return least > 0 && least < FEW;
  };
  const draw = () => {
    const found = new Map();
    all("main [data-action]").forEach((mark) => {
      const { of } = mark.closest("[data-of]").dataset;
      if (!kindsOf(of).some((kind) => picked[kind] !== null)) return;
      if (!found.has(of)) found.set(of, figures(of));
      const values = found.get(of);
      const bin = Number(mark.dataset.bin || 0);
      const long = Number(mark.dataset.row || values.length);
      const first = long * Math.floor(bin / long);
      const row = added(values.slice(first, first + long));
      const most = Math.max(...values, 0);
      const part = Math.max(0, values[bin]) / (most || 1);
      ACTIONS[mark.dataset.action](mark, { values, value: values[bin], row, most, part, bin, isFew: isFewFor(mark.dataset, bin) });
    });
    // Months outside the filter are hidden, in the table and in the CSV file saved from it.
    const [from, to] = picked.period || [0, months.length];
    const rows = all("main tr[data-month]");
    rows.forEach((row) => {
      const month = Number(row.dataset.month);
      row.dataset.outside = month < from || month > to ? "yes" : "";
    });
    hide(rows);
  };

  // One segment, highlighted throughout: rows, pieces and cards of the others are dimmed.
  const owner = (mark) => mark.closest("details.picked, tbody tr, .deck > .box, .legend .chip") || (mark.matches("rect, circle") ? mark : null);
  const choose = () => {
    const id = picked.segment === null ? "" : segments[picked.segment][0];
    const seen = new Set();
    all("main [data-s]").forEach((mark) => {
      const element = owner(mark);
      if (!element || seen.has(element)) return;
      seen.add(element);
      const isOther = id !== "" && mark.dataset.s !== id;
      element.classList.toggle("dim", isOther);
      if (!mark.closest(".picked")) return;
      element.dataset.other = isOther ? "yes" : "";
      hide([element]);
    });
  };

  // Filtered charts say what they show; all others say that they show everything.
  const UNITS = ".group, figure, table:has(td.n, td.heat, svg), .box:not(.warn)";
  const filterKinds = (unit) => {
    const charted = all("[data-of]", unit).concat(unit.matches("[data-of]") ? unit : []);
    return new Set(charted.flatMap((mark) => kindsOf(mark.dataset.of)));
  };
  const noteFor = (unit) => {
    const own = filterKinds(unit);
    const isLinked = picked.segment !== null && unit.querySelector("[data-s]") !== null;
    const wanted = active().filter((kind) => own.has(kind) || !(kind === "segment" && isLinked));
    const isWhole = !wanted.some((kind) => own.has(kind));
    const words = wanted.map((kind) => (own.has(kind) ? names[kind](picked[kind]) : NOT_BY[kind]));
    return { isWhole, text: isWhole && wanted.length && !isLinked ? BASE : words.join(" · ") };
  };
  const put = ({ isWhole, text }, home) => {
    const note = make("span", { class: "filter-note" }, " ");
    note.append(make("span", { class: isWhole ? "mark whole" : "mark" }, text));
    home.append(note);
  };
  const heading = (unit) => {
    const found = unit.querySelector("figcaption, caption, h3") || (unit.matches("table") ? unit.createCaption() : null);
    return found ? found.querySelector("b") || found : unit;
  };
  const mark = () => {
    all("main .filter-note").forEach((old) => {
      const caption = old.closest("caption");
      old.remove();
      if (caption && !caption.childNodes.length) caption.remove();
    });
    all("main [data-when]").forEach((note) => { note.hidden = !active().length; });
    if (!active().length) return;
    all("main > section").forEach((section) => {
      const units = all(UNITS, section).filter((unit) => !unit.parentElement.closest(UNITS));
      const texts = units.map(noteFor);
      // The head of the first screen is not seen.
      const isOne = section.id !== "summary" && new Set(texts.map(({ text }) => text)).size === 1;
      if (isOne && texts[0].text) put(texts[0], section.querySelector(".head"));
      else units.forEach((unit, i) => { if (texts[i].text) put(texts[i], heading(unit)); });
    });
  };
  const suffix = (table) => {
    const own = filterKinds(table.closest("figure") || table);
    const words = active().filter((kind) => own.has(kind)).map((kind) => names[kind](picked[kind]));
    return words.map((text) => `_${text.replace(/[^\p{L}\p{N}]+/gu, "-")}`).join("");
  };

  // The filters are part of the address, after the section, so that a link keeps them.
  const filterQuery = () => {
    const found = new URLSearchParams();
    if (picked.segment !== null) found.set("segment", segments[picked.segment][0]);
    if (picked.country !== null) found.set("country", countries[picked.country]);
    if (picked.period !== null) {
      found.set("from", months[picked.period[0]]);
      found.set("to", months[picked.period[1]]);
    }
    return found.toString();
  };
  const pieces = () => location.hash.slice(1).split("&");
  const requestedSection = () => pieces().find((piece) => piece && !piece.includes("=")) || "";
  const showInAddress = () => {
    const text = [requestedSection(), filterQuery()].filter(Boolean).join("&");
    try {
      history.replaceState(null, "", `${location.href.split("#")[0]}${text ? `#${text}` : ""}`);
    } catch {
      say("The filters cannot be stored in the address of this page");
    }
  };

  const boxes = {};
  const applyFilters = () => {
    restore();
    const isAll = !active().length;
    all(".finding").forEach((found) => { found.hidden = !isAll; });
    draw();
    choose();
    mark();
    if (boxes.clear) boxes.clear.hidden = isAll;
    showInAddress();
    const words = active().map((kind) => names[kind](picked[kind]));
    say(isAll ? "Everything is shown" : `Shown: ${words.join(", ")}`);
  };
  const pickPeriod = (from, to) => {
    picked.period = from === 0 && to === months.length - 1 ? null : [from, to];
  };
  const setBoxes = () => {
    const [from, to] = picked.period || [0, months.length - 1];
    const values = { ...picked, from, to };
    Object.entries(boxes).forEach(([name, box]) => {
      if (box.matches("select")) box.value = values[name] === null ? "" : String(values[name]);
    });
  };
  const select = (name, label, options, take) => {
    // "All segments" says what it chooses, "Dec 2010" does not.
    const home = make("label", options[0][0] ? {} : { "data-kind": name });
    const box = make("select", {});
    box.append(...options.map(([value, text]) => make("option", { value }, text)));
    box.addEventListener("change", () => {
      take(box.value === "" ? null : Number(box.value));
      setBoxes();
      applyFilters();
    });
    home.append(make("span", {}, `${label} `), box);
    boxes[name] = box;
    return home;
  };
  const offerFilters = () => {
    const home = document.getElementById("filters");
    const numbered = (texts) => texts.map((text, i) => [String(i), text]);
    if (segments.length) {
      const options = [["", "All segments"], ...numbered(segments.map(([, name]) => name))];
      home.append(select("segment", "Segment", options, (place) => { picked.segment = place; }));
    }
    if (countries.length > 1) {
      const options = [["", "All countries"], ...numbered(countries)];
      home.append(select("country", "Country", options, (place) => { picked.country = place; }));
    }
    if (months.length > 1) {
      const options = numbered(months.map(monthName));
      const ends = () => picked.period || [0, months.length - 1];
      home.append(
        select("from", "From", options, (place) => pickPeriod(place, Math.max(place, ends()[1]))),
        select("to", "to", options, (place) => pickPeriod(Math.min(place, ends()[0]), place)),
      );
    }
    home.hidden = !home.childElementCount;
    boxes.clear = make("button", { type: "button", hidden: "" }, "Clear");
    boxes.clear.addEventListener("click", () => {
      KINDS.forEach((kind) => { picked[kind] = null; });
      setBoxes();
      applyFilters();
      home.querySelector("select").focus();
    });
    home.append(boxes.clear);
    setBoxes();
  };
  const readAddress = () => {
    const requested = new URLSearchParams(pieces().filter((piece) => piece.includes("=")).join("&"));
    if (![...requested.keys()].length) {
      if (active().length) showInAddress();
      return;
    }
    const place = (list, text) => (list.includes(text) ? list.indexOf(text) : null);
    picked.segment = place(segments.map(([id]) => id), requested.get("segment"));
    picked.country = countries.length > 1 ? place(countries, requested.get("country")) : null;
    const from = place(months, requested.get("from")) ?? 0;
    const to = place(months, requested.get("to")) ?? months.length - 1;
    if (months.length > 1) pickPeriod(Math.min(from, to), Math.max(from, to));
    setBoxes();
    applyFilters();
  };
