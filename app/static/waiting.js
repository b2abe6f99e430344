// A page that waits for something looks by itself whether it has happened, ever more rarely, and then goes on.
// Without JavaScript the page is simply loaded again.
"use strict";

const LONGEST_S = 15;

async function look(afterSeconds) {
  await new Promise((resolve) => setTimeout(resolve, afterSeconds * 1000));
  try {
    const answer = await fetch(location.href);
    if (answer.redirected) return location.replace(answer.url);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (answer.ok && !page.querySelector("main[data-waits]")) return location.reload();
  } catch {
    // The line was cut for a moment: look again later.
  }
  return look(Math.min(afterSeconds * 1.5, LONGEST_S));
}

look(Number(document.querySelector("main[data-waits]").dataset.waits));
