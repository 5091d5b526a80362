// How a page meets Streamlit, which calls the component with each update.

/**
 * @typedef {object} Page
 * @property {import("../state/outbox.js").Outbox<any>} outbox
 * @property {(payload: any) => void} receive
 * @property {() => void} close
 */

/**
 * @typedef {object} Update
 * @property {{ payload: object, style: string }} data
 * @property {ParentNode & Node} parentElement
 * @property {(name: string, value: unknown) => void} setTriggerValue
 */

/**
 * What Streamlit calls: one page for each place where the component stands.
 * @param {new (root: ParentNode, style: string) => Page} PageClass
 */
export function createMount(PageClass) {
  /** @type {WeakMap<Node, Page>} */
  const pages = new WeakMap();
  return (/** @type {Update} */ { data, parentElement, setTriggerValue }) => {
    const page = pages.get(parentElement) ?? new PageClass(parentElement, data.style);
    pages.set(parentElement, page);
    page.outbox.send = (message) => setTriggerValue("message", message);
    page.receive(data.payload);
    // Streamlit also cleans up after an update that a newer one overtook while it was under way, so only a page that has
    // left the document is closed.
    return () => setTimeout(() => parentElement.isConnected || page.close());
  };
}
