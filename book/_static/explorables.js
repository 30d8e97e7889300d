// Brings the explorables of a page to life: no kernel, no library. It plays the part of the widget manager for modules
// in the form that anywidget defines. Modules arrive as classic scripts, because browsers refuse modules on file://.
(() => {
  const folder = new URL("explorables/", document.currentScript.src);
  const loading = {};

  class Model {
    #state;
    #listeners = new Map();
    constructor(state) { this.#state = state; }
    get(name) { return this.#state[name]; }
    set(name, value) {
      if (Object.is(this.#state[name], value)) return;
      this.#state[name] = value;
      for (const listener of this.#of(`change:${name}`)) listener();
    }
    on(event, listener) { this.#listeners.set(event, [...this.#of(event), listener]); }
    off(event, listener) { this.#listeners.set(event, this.#of(event).filter((one) => one !== listener)); }
    save_changes() {}
    #of(event) { return this.#listeners.get(event) ?? []; }
  }

  const load = (stem) => (loading[stem] ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(`${stem}.js`, folder);
    script.onload = () => resolve(self.explorables[stem]);
    script.onerror = () => reject(new Error(`cannot load ${script.src}`));
    document.head.append(script);
  }));

  async function mount(host) {
    if (host.dataset.state) return;
    host.dataset.state = "loading";
    const poster = host.querySelector(".explorable-poster");
    const element = document.createElement("div");
    try {
      const explorable = await load(host.dataset.explorable);
      const state = JSON.parse(host.querySelector("script[type='application/json']").textContent);
      host.append(element);
      poster.remove(); // before drawing, so that the figure measures the room that it will have
      await explorable.render({ model: new Model(state), el: element });
      host.dataset.state = "ready";
    } catch (error) {
      element.replaceWith(poster);
      host.dataset.state = "failed";
      console.error(error);
    }
  }

  const hosts = document.querySelectorAll("[data-explorable]");
  const nearby = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) mount(target);
  }, { rootMargin: "400px" });
  for (const host of hosts) nearby.observe(host);
  addEventListener("beforeprint", () => hosts.forEach(mount));
})();
