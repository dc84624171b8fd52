// On paper a page is as on a light screen, also for a reader whose screen is dark.
{
  const shown = document.documentElement.dataset;
  let theme;
  addEventListener("beforeprint", () => { theme ??= shown.theme; shown.theme = "light"; });
  addEventListener("afterprint", () => { if (theme) shown.theme = theme; theme = undefined; });
}
