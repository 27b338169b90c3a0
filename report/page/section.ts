import { type Child, el } from "./dom.ts";
import { pause } from "./pause.ts";

export interface Section {
  readonly id: string;
  readonly title: string;
  /** What it shows and how to read it. */
  readonly caption: string;
  /** Called once, when the section comes near the screen. */
  readonly render: () => readonly Child[];
}

/**
 * A page's sections. Each is filled when it comes near, so that opening the page costs what is seen of it; one after the
 * other, so that the page answers meanwhile.
 */
export function lazySections(sections: readonly Section[]): HTMLElement[] {
  const waiting = new Map<Element, () => void>();
  const near: Element[] = [];
  let isFilling = false;
  const fill = async (): Promise<void> => {
    if (isFilling) return;
    isFilling = true;
    for (let element = near.shift(); element !== undefined; element = near.shift()) {
      try {
        waiting.get(element)?.();
      } catch (error) {
        // One section that cannot be shown does not take the others with it.
        reportError(error);
      }
      await pause();
    }
    isFilling = false;
  };
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const { target, isIntersecting } of entries) if (isIntersecting) near.push(target);
      // What goes wrong in a section goes to the console, as any error of a page.
      fill().catch(reportError);
    },
    { rootMargin: "300px" },
  );
  const elements = sections.map(({ id, title, caption, render }) => {
    const body = el("div", { class: "body" });
    const element = el(
      "section",
      { id, "aria-labelledby": `${id}-title` },
      el("h2", { id: `${id}-title` }, title),
      el("p", { class: "caption" }, caption),
      body,
    );
    waiting.set(element, () => {
      waiting.delete(element);
      watcher.unobserve(element);
      element.dataset["rendered"] = "";
      body.append(...render().filter((child): child is Node | string => child !== undefined && child !== false));
    });
    watcher.observe(element);
    return element;
  });
  // Paper shows all of it.
  addEventListener("beforeprint", () => {
    for (const render of [...waiting.values()]) render();
  });
  return elements;
}
