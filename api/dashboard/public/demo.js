// A page of a shop that is none, with the script as anybody would put it into theirs. What is its own is how pages change here,
// and that questions are told by `sojourn.track`.
(() => {
  const KEY = "sojourn.demo-key";
  const key = new URLSearchParams(location.search).get("key") ?? sessionStorage.getItem(KEY) ?? "";
  const isKey = /^sjw_[\w-]{1,200}$/.test(key);
  if (isKey) sessionStorage.setItem(KEY, key);
  else {document.querySelector("main p").textContent =
      "Open it from the page Journeys, On your site: it needs a key to record with.";}

  function show() {
    const sections = [...document.querySelectorAll("[data-page]")];
    const shown = sections.find((section) => section.dataset.page === location.pathname) ?? sections[0];
    for (const section of sections) section.hidden = section !== shown;
    document.title = `${shown.querySelector("h1").textContent} · a demo shop`;
  }
  addEventListener("popstate", show);
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='/demo']");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    history.pushState(null, "", link.pathname);
    show();
  });
  show();
  if (location.search) history.replaceState(null, "", location.pathname);

  document.querySelector("#order").addEventListener("submit", (event) => {
    event.preventDefault();
    document.querySelector("#ordered").textContent =
      "Thank you. Nothing was ordered, and nothing that you typed was read.";
  });
  document.querySelector("#chat").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = event.target.question.value.trim();
    if (text === "") return;
    const answer = "Yes, gladly. It takes five to eight days.";
    globalThis.sojourn?.track("MESSAGE_SENT", { text });
    globalThis.sojourn?.track("MESSAGE_RECEIVED", { text: answer });
    document.querySelector("#answer").textContent = answer;
    event.target.reset();
  });

  if (!isKey) return;
  const script = document.createElement("script");
  script.src = "/sojourn.js";
  script.dataset.key = key;
  document.head.append(script);
})();
