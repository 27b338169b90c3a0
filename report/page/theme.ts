const listeners = new Set<() => void>();
const preference = matchMedia("(prefers-color-scheme: dark)");
preference.addEventListener("change", tell);

/** What was chosen on the page, or else what the system prefers. */
export function isDark(): boolean {
  const chosen = document.documentElement.dataset["theme"];
  return chosen === undefined ? preference.matches : chosen === "dark";
}

export function toggleTheme(): void {
  document.documentElement.dataset["theme"] = isDark() ? "light" : "dark";
  tell();
}

/** For what is drawn, and does not follow the style sheet by itself. */
export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** A colour of the style sheet, such as "--ink". */
export function themeColour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function tell(): void {
  for (const listener of listeners) listener();
}
