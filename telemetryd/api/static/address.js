// What the page shows is in its address, after the `#`: a view and its parameters, under the API's own names.
// `#history?range=6h&backend=ipfs` is all that a colleague needs to see the same.

export const VIEWS = ["live", "history", "operations", "reports", "settings"];
// What stays when one goes from one view to another.
const SHARED = ["range", "start_time", "end_time", "operation_type", "backend", "status"];

/** The view and the parameters of an address; what it does not know becomes the live view. */
export function readAddress(hash = location.hash) {
  const [view, query = ""] = hash.replace(/^#/, "").split(/\?(.*)/s);
  const parameters = Object.fromEntries(new URLSearchParams(query));
  return { view: VIEWS.includes(view) ? view : VIEWS[0], parameters };
}

/** The address of a view; parameters without a value are left out. */
export function addressTo(view, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== "") query.set(name, value);
  }
  const text = query.toString();
  return `#${view}${text ? `?${text}` : ""}`;
}

/** What another view shares with these parameters. */
export function shared(parameters) {
  return Object.fromEntries(SHARED.filter((name) => name in parameters).map((name) => [name, parameters[name]]));
}

/** Show something else, as a step that the browser's Back takes back. */
export function go(view, parameters) {
  location.hash = addressTo(view, parameters);
}

/** Show the same with other parameters: a step back leads to what was before this view. */
export function amend(view, parameters) {
  const wanted = addressTo(view, parameters);
  if (wanted === location.hash) return;
  history.replaceState(null, "", wanted);
  dispatchEvent(new Event("hashchange"));
}
