/**
 * The page's document, for xterm.js: it writes style sheets as text and styles as attributes, which the page's
 * Content-Security-Policy forbids. Elements made here take the same texts and hand them on through the CSSOM, which is allowed.
 */
export function strictDocument(page: Document): Document {
  return new Proxy(page, {
    get(target, name) {
      if (name === "createElement") return (tag: string) => (tag === "style" ? styleElement(target) : styledElement(target, tag));
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}

function styledElement(page: Document, tag: string): HTMLElement {
  const element = page.createElement(tag);
  element.setAttribute = setAttribute;
  return element;
}

function setAttribute(this: HTMLElement, name: string, value: string): void {
  if (name === "style") this.style.cssText = value;
  else Element.prototype.setAttribute.call(this, name, value);
}

/** Stands for a `<style>`, which would be refused even when empty: the text it is given becomes a sheet of the page until it is removed. */
function styleElement(page: Document): HTMLElement {
  const element = page.createElement("template");
  const sheet = new CSSStyleSheet();
  page.adoptedStyleSheets.push(sheet);
  Object.defineProperty(element, "textContent", {
    get: () => "",
    set(css: string) {
      sheet.replaceSync(css);
    },
  });
  element.remove = () => {
    page.adoptedStyleSheets = page.adoptedStyleSheets.filter((other) => other !== sheet);
    Element.prototype.remove.call(element);
  };
  return element;
}
