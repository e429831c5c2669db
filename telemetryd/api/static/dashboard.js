// The page: its views, the stream that feeds it, and the address that says what is shown.

import { VIEWS, addressTo, go, readAddress, shared } from "./address.js";
import { fill, h, mark } from "./element.js";
import { HistoryView } from "./history.js";
import { LiveView, WINDOWS } from "./live.js";
import { offsetName } from "./moments.js";
import { NodeState } from "./nodestate.js";
import { OperationDialog } from "./operation.js";
import { OperationsView } from "./operations.js";
import { changes, chooseTheme, chooseZone, themeWish, zone } from "./preferences.js";
import { ReportsView } from "./reports.js";
import { SettingsView } from "./settings.js";
import { SignIn } from "./signin.js";
import { Stream } from "./stream.js";

const TITLES = { live: "Live", history: "History", operations: "Operations", reports: "Reports", settings: "Settings" };

const element = (id) => document.getElementById(id);
const stream = new Stream({ window: WINDOWS.get(readAddress().parameters.window) ?? WINDOWS.get("5m") });
const views = {
  live: new LiveView(element("live"), stream),
  history: new HistoryView(element("history")),
  operations: new OperationsView(element("operations")),
  reports: new ReportsView(element("reports")),
  settings: new SettingsView(element("settings")),
};
const dialog = new OperationDialog(element("operation"));
let shown = null;

element("host").textContent = location.host;
const links = Object.fromEntries(VIEWS.map((view) => [view, h("a", { href: addressTo(view) }, TITLES[view])]));
fill(element("views"), h("ul", {}, VIEWS.map((view) => h("li", {}, links[view]))));

function show() {
  const { view, parameters } = readAddress();
  const another = view !== shown;
  document.title = `${TITLES[view]} · telemetryd ${location.host}`;
  for (const name of VIEWS) {
    mark(links[name], "aria-current", name === view ? "page" : null);
    mark(links[name], "href", addressTo(name, name === view ? { ...parameters, id: "" } : shared(parameters)));
    element(name).hidden = name !== view;
  }
  if (another && shown) {
    views[shown].hide();
    scrollTo(0, 0);
  }
  const first = shown === null;
  shown = view;
  views[view].show(parameters);
  dialog.show(parameters.id);
  // The page did not load anew, so nothing else tells a screen reader that it is another.
  if (another && !first && !parameters.id) element(`${view}-title`).focus({ preventScroll: true });
}

function search(event) {
  event.preventDefault();
  const field = element("operation-id");
  const id = field.value.trim();
  if (!id) return;
  field.value = "";
  const { parameters } = readAddress();
  go("operations", { ...shared(parameters), ...(shown === "operations" ? parameters : {}), id });
}

function showZone() {
  fill(
    element("zone"),
    h("option", { value: "utc", selected: zone() === "utc" }, "UTC"),
    h("option", { value: "local", selected: zone() === "local" }, `local (${offsetName()})`),
  );
}

showZone();
element("zone").addEventListener("change", (event) => chooseZone(event.target.value));
element("theme").value = themeWish();
element("theme").addEventListener("change", (event) => chooseTheme(event.target.value));
element("search").addEventListener("submit", search);
element("skip").addEventListener("click", () => element("main").focus());
changes.addEventListener("zone", () => views[shown].redraw());
changes.addEventListener("theme", () => views[shown].redraw());
addEventListener("hashchange", show);

const state = new NodeState(element("state"), stream);
stream.addEventListener("state", () => mark(document.documentElement, "data-stream", stream.state));
setInterval(() => {
  stream.watch(document.hidden);
  state.tick();
}, 1000);
document.addEventListener("visibilitychange", () => stream.watch(document.hidden));
new SignIn(element("signin"), element("who")).start();
show();
stream.open();
state.start();
