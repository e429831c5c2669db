// Pieces of text on the page of the API: prose with code in it, JSON, code to be copied.

import { h, fill, mark, say } from "./element.js";

export { h, fill, mark, say };

export function element(id) {
  return document.getElementById(id);
}

/** Paragraphs of a description; what stands between backticks is code, and nothing else is markup. */
export function prose(text) {
  return text.trim().split(/\n\s*\n/).map((paragraph) => h("p", {}, inline(paragraph)));
}

/** One line of it. */
export function inline(text) {
  return text.split("`").map((piece, index) => (index % 2 ? h("code", {}, piece) : piece));
}

/** A block of code with its name, and a button that copies it where the browser lets pages do so. */
export function codeBlock(name, text, content = text) {
  const copy = h("button", { type: "button", class: "quiet", "aria-label": `Copy: ${name}` }, "Copy");
  copy.hidden = !navigator.clipboard;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text);
    say(copy, "Copied");
    setTimeout(() => say(copy, "Copy"), 1500);
  });
  return h("figure", { class: "code" },
    h("figcaption", {}, h("span", {}, inline(name)), copy),
    h("pre", { tabindex: "0" }, h("code", {}, content)));
}

/** JSON as text, as a person would break its lines: what fits on one stays on one. */
export function laidOut(value, indent = "", room = 54) {
  const flat = JSON.stringify(value);
  if (value === null || typeof value !== "object" || flat.length + indent.length <= room) return spaced(value);
  const inner = `${indent}  `;
  const lines = Array.isArray(value)
    ? value.map((each) => inner + laidOut(each, inner, room))
    : Object.entries(value).map(([key, each]) => `${inner}${JSON.stringify(key)}: ${laidOut(each, inner, room)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${lines.join(",\n")}\n${indent}${close}`;
}

function spaced(value) {
  if (Array.isArray(value)) return `[${value.map(spaced).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.entries(value).map(([key, each]) => `${JSON.stringify(key)}: ${spaced(each)}`).join(", ")}}`;
}

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|true|false|null)/gi;

/** The same with its names, texts and numbers told apart by colour. */
export function coloured(text) {
  const pieces = [];
  let at = 0;
  for (const found of text.matchAll(TOKEN)) {
    const [whole, quoted, colon] = found;
    const kind = quoted ? (colon ? "key" : "text") : "literal";
    pieces.push(text.slice(at, found.index), h("span", { data: { kind } }, quoted ?? whole), colon ?? "");
    at = found.index + whole.length;
  }
  return [...pieces, text.slice(at)];
}
