/** What stands in an element. Texts become text nodes, so that nothing in them is ever markup. */
export type Child = Node | string | undefined | false;

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An HTML element. An attribute that is `true` stands without a value; one that is false or undefined is left out. */
export function el<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill<T extends Element>(element: T, attributes: Attributes, children: readonly Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => child !== undefined && child !== false));
  return element;
}

export function button(label: Child, onClick: () => void, attributes: Attributes = {}): HTMLButtonElement {
  const element = el("button", { type: "button", ...attributes }, label);
  element.addEventListener("click", onClick);
  return element;
}

/** Makes these the only children. Those that are there already are not touched, and keep their focus and scrolling. */
export function put(element: Element, ...children: readonly Element[]): void {
  const { children: present } = element;
  const isSame = present.length === children.length && children.every((child, index) => present[index] === child);
  if (!isSame) element.replaceChildren(...children);
}

/** What a part of a page shows when it has nothing to show. */
export function nothing(why: string): HTMLElement {
  return el("p", { class: "nothing" }, why);
}
