// A page that is marked as live asks for itself again, and takes over the parts that
// have changed, until it is not live any longer. While no server answers it says so, and
// goes on asking. Without scripts the page reloads itself.
"use strict";

const every = 1500, patience = 15000; // milliseconds
const main = document.getElementById("main");

function takeOver(next) {
  document.title = next.title;
  for (const part of main.querySelectorAll("[data-part]")) {
    const now = next.getElementById(part.id);
    if (now && now.innerHTML !== part.innerHTML) part.replaceChildren(...now.childNodes);
  }
  main.toggleAttribute("data-live", next.getElementById("main").hasAttribute("data-live"));
}

async function look() {
  const lost = document.getElementById("lost");
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(patience) });
    if (answer.status >= 500) throw new Error(answer.statusText);
    if (!answer.ok || answer.redirected) return location.reload(); // another page
    takeOver(new DOMParser().parseFromString(await answer.text(), "text/html"));
    lost.hidden = true;
  } catch {
    lost.hidden = false;
  }
  if (main.hasAttribute("data-live")) setTimeout(look, every);
}

setTimeout(look, every);
