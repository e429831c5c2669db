// The page of the API: openapi.json, to be read. Every word of it is the document's. The viewers there are weigh a
// megabyte or more, write styles of their own, and look like somebody else's page; this is the dashboard's.

import { h, fill, element as byId, mark, say } from "./docsparts.js";
import { routesOf } from "./docsmodel.js";
import { intro, routeSection } from "./docsroute.js";
import { chooseTheme, themeWish } from "./preferences.js";

const wide = matchMedia("(min-width: 960px)");

async function read(address) {
  const response = await fetch(address, { headers: { Accept: "application/json" } });
  if (!response.ok) throw new Error(`${address}: ${response.status}`);
  return response.json();
}

/** Whether a token is needed, so that examples show where it goes; a daemon that does not say needs none. */
async function tokensNeeded() {
  try {
    return (await read("-/session")).required === true;
  } catch {
    return false;
  }
}

function show(document_, needsToken) {
  const routes = routesOf(document_);
  const sections = new Map();
  const entries = new Map();
  const groups = document_.tags.map((tag) => {
    const own = routes.filter((route) => route.tag === tag.name);
    for (const route of own) {
      sections.set(route, routeSection(document_, route, needsToken));
      entries.set(route, contentsEntry(route));
    }
    const name = `tag-${tag.name.toLowerCase()}`;
    return {
      own,
      chapter: h("section", { class: "chapter", "aria-labelledby": name },
        h("header", {}, h("h2", { id: name }, tag.name), h("p", {}, tag.description)),
        own.map((route) => sections.get(route))),
      part: h("div", { class: "part" }, h("a", { class: "part-name", href: `#${name}` }, tag.name), h("ul", {}, own.map((route) => entries.get(route)))),
    };
  });
  const count = h("p", { class: "count", role: "status" });
  fill(byId("routes"), intro(document_), count, groups.map(({ chapter }) => chapter));
  fill(byId("contents"), groups.map(({ part }) => part));
  byId("told").hidden = true;
  follow(sections, entries);

  const search = () => {
    const words = byId("find").value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const { own, chapter, part } of groups) {
      let any = false;
      for (const route of own) {
        const fits = words.every((word) => route.text.includes(word));
        sections.get(route).hidden = entries.get(route).hidden = !fits;
        any ||= fits;
        found += fits;
      }
      chapter.hidden = part.hidden = !any;
    }
    byId("intro").hidden = words.length > 0;
    say(count, words.length ? `${found} of ${routes.length} routes` : "");
  };
  byId("find").addEventListener("input", search);
  byId("search").addEventListener("submit", (event) => event.preventDefault());
  // What the address names was not there when the browser looked for it.
  if (location.hash) document.getElementById(decodeURIComponent(location.hash.slice(1)))?.scrollIntoView();
}

function contentsEntry(route) {
  return h("li", {}, h("a", { href: `#${route.id}`, title: route.summary },
    h("span", { class: "method", data: { method: route.method } }, route.method),
    h("span", { class: "short" }, route.short)));
}

/** Mark in the contents what is being read. */
function follow(sections, entries) {
  const seen = new Set();
  const watch = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting } of changes) isIntersecting ? seen.add(target) : seen.delete(target);
    const current = [...sections].find(([, section]) => seen.has(section))?.[0];
    for (const [route, entry] of entries) mark(entry.firstChild, "aria-current", route === current ? "true" : null);
  }, { rootMargin: "-80px 0px -60% 0px" });
  for (const section of sections.values()) watch.observe(section);
}

const fold = () => { byId("contents-box").open = wide.matches; };
fold();
wide.addEventListener("change", fold);
byId("contents").addEventListener("click", (event) => {
  if (!wide.matches && event.target.closest("a")) byId("contents-box").open = false;
});
byId("theme").value = themeWish();
byId("theme").addEventListener("change", (event) => chooseTheme(event.target.value));
byId("skip").addEventListener("click", () => byId("main").focus());
// A slash goes to the search, as in many a reference.
addEventListener("keydown", (event) => {
  if (event.key === "/" && !event.target.closest("input, select, textarea")) {
    event.preventDefault();
    byId("find").focus();
  }
});

try {
  show(...(await Promise.all([read("openapi.json"), tokensNeeded()])));
} catch (error) {
  say(byId("told"), `The document could not be read: ${error.message}`);
}
