// A choice of a few, all of them visible: radio buttons that look like one bar.

import { h } from "./element.js";

/** `options` are pairs of value and label. `element` goes on the page, `choose(value)` shows another as chosen. */
export function segments({ legend, name, options, chosen, onChoose, hideLegend = true }) {
  const radios = options.map(([value]) =>
    h("input", { type: "radio", name, value, checked: value === chosen, on: { change: () => onChoose(value) } }),
  );
  const element = h(
    "fieldset",
    { class: "segments" },
    h("legend", { class: hideLegend ? "unseen" : null }, legend),
    options.map(([, label], index) => h("label", {}, radios[index], h("span", {}, label))),
  );
  const choose = (value) => {
    for (const radio of radios) radio.checked = radio.value === value;
  };
  return { element, choose };
}
