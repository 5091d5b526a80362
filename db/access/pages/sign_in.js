// A component of the sign-in page: a link for each person whom the account may come in as. A single one is followed.

/**
 * @typedef {object} Component what Streamlit hands to a component
 * @property {{ options: { label: string, token: string }[] }} data
 * @property {ParentNode & Node} parentElement
 */

/** @param {Component} component */
export default function ({ data, parentElement }) {
  const list = parentElement.querySelector("ul") ?? parentElement.appendChild(document.createElement("ul"));
  const rows = data.options.map(({ label, token }) => {
    const link = document.createElement("a");
    link.href = createAddress(token);
    link.textContent = label;
    const row = document.createElement("li");
    row.append(link);
    return row;
  });
  list.replaceChildren(...rows);
  const [only, ...others] = data.options;
  if (only !== undefined && others.length === 0) location.replace(createAddress(only.token));
}

/** @param {string} token */
function createAddress(token) {
  return `/join#${token}`;
}
