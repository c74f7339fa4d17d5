"use strict";
// Sorts, searches, filters and saves what the page already shows. Texts are only ever
// set as text, never as markup; the page's policy lets no other script run.
(() => {
{% include "tables.js" %}

{% include "filters.js" %}

  // The current section in the menu, and links to sections.
  const watchSections = () => {
    const links = new Map(all("#sections a").map((link) => [link.hash.slice(1), link]));
    let last = null;
    const mark = () => {
      const line = window.innerHeight / 3;
      const begun = all("main > section").filter((part) => part.getBoundingClientRect().top <= line);
      const now = links.get((begun.at(-1) || document.querySelector("main > section")).id);
      if (!now || now === last) return;
      if (last) last.removeAttribute("aria-current");
      now.setAttribute("aria-current", "location");
      last = now;
      const bar = now.parentElement;
      bar.scrollLeft = now.offsetLeft - bar.clientWidth / 3;
      bar.scrollTop = now.offsetTop - bar.clientHeight / 3;
    };
    let isWaiting = false;
    const later = () => {
      if (isWaiting) return;
      isWaiting = true;
      requestAnimationFrame(() => { isWaiting = false; mark(); });
    };
    addEventListener("scroll", later, { passive: true });
    addEventListener("resize", later);
    mark();
  };
  const copyLinks = () => all("a.anchor").forEach((link) => link.addEventListener("click", () => {
    const done = () => say("The link to this section is copied");
    const failed = () => say("The link to this section is in the address bar");
    const address = [link.href, filterQuery()].filter(Boolean).join("&");
    if (navigator.clipboard) navigator.clipboard.writeText(address).then(done, failed);
    else failed();
  }));
  const openForPrint = () => {
    let closed = [];
    addEventListener("beforeprint", () => {
      closed = all("details:not([open])");
      closed.forEach((part) => { part.open = true; });
    });
    addEventListener("afterprint", () => closed.forEach((part) => { part.open = false; }));
  };
  const openRequested = () => {
    const requested = document.getElementById(requestedSection());
    const around = requested && requested.closest("details");
    if (around) around.open = true;
    // The browser itself scrolls only to what the whole fragment names.
    if (requested && location.hash !== `#${requested.id}`) requested.scrollIntoView();
  };

  const counts = new Map();
  all("main section table").forEach((table) => {
    const id = table.closest("section").id;
    counts.set(id, (counts.get(id) || 0) + 1);
    equip(table, counts.get(id));
  });
  offerFilters();
  watchSections();
  copyLinks();
  openForPrint();
  readAddress();
  openRequested();
  addEventListener("hashchange", () => { readAddress(); openRequested(); });
  document.documentElement.classList.add("alive");
})();
