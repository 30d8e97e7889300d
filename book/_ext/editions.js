// The switch between the editions of the book.
(() => {
  const { here, label, names } = EDITIONS;
  const place = document.querySelector(".article-header-buttons");
  if (Object.keys(names).length < 2 || !place) return;
  const root = new URL(document.documentElement.dataset.content_root, location.href);
  const page = location.href.split("#")[0].slice(root.href.length);
  const site = here ? new URL("../", root) : root;
  const list = document.createElement("ul");
  for (const [folder, name] of Object.entries(names)) {
    const link = document.createElement("a");
    link.href = new URL(`${folder ? `${folder}/` : ""}${page}`, site);
    link.hreflang = link.lang = (folder || "en").replace("_", "-");
    link.textContent = name;
    if (folder === here) link.setAttribute("aria-current", "true");
    const item = document.createElement("li");
    item.append(link);
    list.append(item);
  }
  const summary = document.createElement("summary");
  summary.textContent = names[here];
  summary.setAttribute("aria-label", `${label}: ${names[here]}`);
  const menu = document.createElement("details");
  menu.className = "editions";
  menu.append(summary, list);
  menu.addEventListener("keydown", (event) => { if (event.key === "Escape") { menu.open = false; summary.focus(); } });
  place.prepend(menu);
})();
