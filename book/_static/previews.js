// Shows what a link leads to beside the link, on hover and on keyboard focus. Escape or leaving hides it.
(() => {
  const root = new URL(document.documentElement.dataset.content_root ?? "./", location.href);
  const links = "article.bd-article a.reference.internal, article.bd-article a.footnote-reference";
  const loading = {};
  let tip, shownFor, timer;

  const load = page => loading[page] ??= new Promise(done => {
    const script = document.createElement("script");
    script.src = new URL(`_static/previews/${page}.js`, root);
    script.onload = script.onerror = () => done(self.coursePreviews?.[page] ?? {});
    document.head.append(script);
  });

  const address = link => {
    const url = new URL(link.href);
    const path = decodeURI(url.pathname).slice(decodeURI(root.pathname).length);
    return [path.replace(/\.html$/, ""), decodeURIComponent(url.hash.slice(1))];
  };

  const hide = () => {
    clearTimeout(timer);
    tip?.remove();
    shownFor?.removeAttribute("aria-describedby");
    tip = shownFor = undefined;
  };

  const place = link => {
    const [first] = link.getClientRects();
    const room = document.documentElement.clientWidth;
    tip.style.left = `${scrollX + Math.max(8, Math.min(first.left, room - tip.offsetWidth - 8))}px`;
    const above = first.top - tip.offsetHeight - 6;
    tip.style.top = `${scrollY + (first.bottom + 6 + tip.offsetHeight > innerHeight && above > 0 ? above : first.bottom + 6)}px`;
  };

  const show = async link => {
    const [page, anchor] = address(link);
    const html = (await load(page))[anchor];
    if (!html || !(link.matches(":hover") || link === document.activeElement)) return;
    hide();
    tip = Object.assign(document.createElement("div"), {className: "preview", id: "preview", role: "tooltip"});
    tip.innerHTML = html.replaceAll("__root__", root.href);
    tip.addEventListener("pointerenter", () => clearTimeout(timer));
    tip.addEventListener("pointerleave", later(hide, 200));
    document.body.append(tip);
    shownFor = link;
    link.setAttribute("aria-describedby", "preview");
    place(link);
    for (const image of tip.querySelectorAll("img")) image.addEventListener("load", () => shownFor === link && place(link));
  };

  const later = (action, wait) => () => { clearTimeout(timer); timer = setTimeout(action, wait); };

  for (const link of document.querySelectorAll(links)) {
    link.addEventListener("pointerenter", event => event.pointerType === "mouse" && later(() => show(link), 250)());
    link.addEventListener("pointerleave", later(hide, 200));
    link.addEventListener("focus", () => link.matches(":focus-visible") && show(link));
    link.addEventListener("blur", hide);
  }
  addEventListener("keydown", event => event.key === "Escape" && hide());
})();
