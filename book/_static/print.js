// On paper a page is as on a light screen, also for a reader whose screen is dark.
{
  const shown = document.documentElement.dataset;
  let theme = "light";
  addEventListener("beforeprint", () => { theme = shown.theme; shown.theme = "light"; });
  addEventListener("afterprint", () => { shown.theme = theme; });
}
