// What a user likes, kept in this browser: the theme, and the zone that times are shown in.
// Whoever shows either listens for `theme` and `zone` on `changes`.

export const changes = new EventTarget();

const THEMES = ["auto", "light", "dark"];
const ZONES = ["utc", "local"];
const system = matchMedia("(prefers-color-scheme: dark)");
const wishes = { theme: stored("theme", THEMES), zone: stored("zone", ZONES) };

/** `auto`, `light` or `dark`: what was chosen. */
export function themeWish() {
  return wishes.theme;
}

/** `light` or `dark` where one was chosen, else empty. */
export function chosenTheme() {
  return wishes.theme === "auto" ? "" : wishes.theme;
}

/** `light` or `dark`: what is shown. */
export function theme() {
  return wishes.theme === "auto" ? (system.matches ? "dark" : "light") : wishes.theme;
}

/** `utc` or `local`. */
export function zone() {
  return wishes.zone;
}

export function chooseTheme(wish) {
  keep("theme", wish, THEMES);
  show();
}

export function chooseZone(wish) {
  keep("zone", wish, ZONES);
  changes.dispatchEvent(new Event("zone"));
}

system.addEventListener("change", show);

function show() {
  const shown = theme();
  if (document.documentElement.dataset.theme === shown) return;
  document.documentElement.dataset.theme = shown;
  changes.dispatchEvent(new Event("theme"));
}

function stored(name, known) {
  try {
    const found = localStorage.getItem(`telemetryd.${name}`);
    return known.includes(found) ? found : known[0];
  } catch {
    return known[0]; // storage is off: the choice lasts as long as the page
  }
}

function keep(name, wish, known) {
  if (!known.includes(wish)) return;
  wishes[name] = wish;
  try {
    localStorage.setItem(`telemetryd.${name}`, wish);
  } catch {
    // storage is off or full
  }
}
