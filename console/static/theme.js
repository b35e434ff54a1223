// Light, dark, or as the system says; kept in this browser. Runs before the page is drawn, so that nothing flashes.
(() => {
  const root = document.documentElement, names = ["system", "light", "dark"];
  const read = () => { try { return localStorage.getItem("recops-theme") || "system"; } catch { return "system"; } };
  const apply = (name) => { if (name === "system") root.removeAttribute("data-theme"); else root.dataset.theme = name; };
  apply(read());
  document.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-toggle]")) {
      const say = () => { button.textContent = `Theme: ${read()}`; };
      say();
      button.addEventListener("click", () => {
        const next = names[(names.indexOf(read()) + 1) % names.length];
        try { localStorage.setItem("recops-theme", next); } catch { /* not kept */ }
        apply(next); say();
        document.dispatchEvent(new Event("recops-theme"));
      });
    }
    for (const button of document.querySelectorAll("[data-menu]")) {
      button.addEventListener("click", () => {
        const open = button.getAttribute("aria-expanded") === "true";
        button.setAttribute("aria-expanded", String(!open));
      });
    }
  });
})();
