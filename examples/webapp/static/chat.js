// The rest of an answer, as it comes. When the connection breaks the browser comes again
// by itself, and says which event it had last. It gives up where it is refused, as by a
// proxy without a server behind it: then this comes again, from the same place.
"use strict";

const every = 1500, patience = 15000; // milliseconds
const main = document.getElementById("main");
const answer = document.getElementById("answer");
const lost = document.getElementById("lost");
let from = Number(answer.dataset.from);

function listen() {
  const source = new EventSource(`${answer.dataset.events}&from=${from}`);
  source.onopen = () => { lost.hidden = true; };
  source.onmessage = (event) => {
    from = Number(event.lastEventId) + 1;
    answer.append(JSON.parse(event.data));
    for (const trouble of main.querySelectorAll("[data-trouble]")) trouble.remove();
  };
  source.addEventListener("end", (event) => {
    source.close();
    document.getElementById("words").textContent = JSON.parse(event.data);
    main.removeAttribute("data-live");
  });
  source.onerror = () => {
    lost.hidden = false;
    if (source.readyState === EventSource.CLOSED) setTimeout(again, every);
  };
}

// The page is asked for first: perhaps one is to sign in again.
async function again() {
  try {
    const page = await fetch(location.href, { method: "HEAD", signal: AbortSignal.timeout(patience) });
    if (page.ok && !page.redirected) return listen();
    if (page.status < 500) return location.reload();
  } catch {
    // there is no server
  }
  setTimeout(again, every);
}

listen();
