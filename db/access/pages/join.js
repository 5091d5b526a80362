// Posts what follows the # of an invite link: it is never part of an address that a server sees or logs.
const note = /** @type {HTMLElement} */ (document.getElementById("note"));

/** @param {string} text */
function say(text) {
  note.textContent = text;
}

function comeIn() {
  const token = location.hash.slice(1);
  history.replaceState(null, "", location.pathname);
  if (!token) return say("This link is incomplete: open the whole invite link that the researcher sent you.");
  fetch("/join", { method: "POST", body: token, headers: { "Content-Type": "text/plain" }, redirect: "manual" })
    .then(async (answer) => {
      if (answer.type === "opaqueredirect") location.replace("/");
      else say(await answer.text());
    })
    .catch(() => say("The server did not answer. Check the connection and open the link again."));
}

comeIn();
// another link, put into the address of this very page, loads nothing by itself
addEventListener("hashchange", comeIn);
