// A component of the sign-in page: a link for each person whom the account may come in as. A single one is followed.
export default function ({ data, parentElement }) {
  const list = parentElement.querySelector("ul") ?? parentElement.appendChild(document.createElement("ul"));
  const links = data.options.map(({ label, token }) => {
    const link = document.createElement("a");
    link.href = `/join#${token}`;
    link.textContent = label;
    return link;
  });
  const rows = links.map((link) => {
    const row = document.createElement("li");
    row.append(link);
    return row;
  });
  list.replaceChildren(...rows);
  if (links.length === 1) location.replace(links[0].href);
}
