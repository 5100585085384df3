// Fetches the page every 30 seconds and puts its live parts in place of those
// shown, so that focus, selection and scroll position stay. It waits while text
// is selected, while the focus is in a live part, and in a hidden tab.
(() => {
  const every = 30_000, touch = document.getElementById("touch");
  const live = (root) => [...root.querySelectorAll("[data-live]")];
  const isBusy = () => document.hidden || String(getSelection()) !== "" ||
    live(document).some((part) => part.contains(document.activeElement));

  const show = (next) => {
    const open = [...document.querySelectorAll("details[open]")].map((details) => details.id);
    const fresh = new Map(live(next).map((part) => [part.dataset.live, part]));
    for (const part of live(document)) part.replaceWith(fresh.get(part.dataset.live) ?? part);
    for (const id of open) document.getElementById(id)?.setAttribute("open", "");
    document.title = next.title;
    touch.textContent = "";
  };

  const refresh = async () => {
    if (isBusy()) return;
    try {
      const answer = await fetch(location.href, { cache: "no-store", signal: AbortSignal.timeout(10_000) });
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok) throw answer.status;
      if (!isBusy()) show(next);
    } catch {
      touch.textContent ||= ` · no answer since ${new Date().toISOString().slice(11, 19)} UTC`;
    }
  };

  setInterval(refresh, every);
  document.addEventListener("visibilitychange", refresh);
})();
