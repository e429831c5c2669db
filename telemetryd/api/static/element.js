// Elements made of names, attributes and children. Text is always text: nothing here reads markup,
// so a name that somebody chose for a backend can be nothing but that name.

const SVG = "http://www.w3.org/2000/svg";

/**
 * An HTML element. Attributes: `true` is present, `false`, `null` and `undefined` are absent, `on` holds listeners
 * by event, `data` holds data attributes; children are nodes, strings, numbers, or nested lists of these.
 */
export function h(tag, attributes = {}, ...children) {
  return dressed(document.createElement(tag), attributes, children);
}

/** An SVG element, in the same way. */
export function svg(tag, attributes = {}, ...children) {
  return dressed(document.createElementNS(SVG, tag), attributes, children);
}

/** Put these children in place of those that an element has. Those that are there already keep the focus. */
export function fill(element, ...children) {
  const wanted = nodes(children);
  const there = element.childNodes;
  if (wanted.length === there.length && wanted.every((node, index) => node === there[index])) return element;
  const focused = document.activeElement;
  element.replaceChildren(...wanted);
  if (focused !== document.activeElement && element.contains(focused)) focused.focus({ preventScroll: true });
  return element;
}

/** Set the text of an element, leaving the document alone where it says so already. */
export function say(element, text) {
  const wanted = String(text);
  if (element.textContent !== wanted) element.textContent = wanted;
  return element;
}

/** Set or remove an attribute, leaving the document alone where it is so already. */
export function mark(element, name, value) {
  if (value === false || value === null || value === undefined) {
    if (element.hasAttribute(name)) element.removeAttribute(name);
  } else {
    const wanted = value === true ? "" : String(value);
    if (element.getAttribute(name) !== wanted) element.setAttribute(name, wanted);
  }
  return element;
}

/** A word that only a screen reader says. */
export function unseen(text) {
  return h("span", { class: "unseen" }, text);
}

function dressed(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else {
      mark(element, name, value);
    }
  }
  element.append(...nodes(children));
  return element;
}

function nodes(children) {
  return children
    .flat(Infinity)
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : document.createTextNode(String(child))));
}
