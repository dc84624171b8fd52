// How the search ranks what it finds: Sphinx's own points, and some for the kind of page.
var Scorer = {
  score: ([page, , , , points]) =>
    points
    + (/^notebooks\//.test(page) ? 10 : 0)
    + (/^book\/(glossary|primer)$/.test(page) ? 4 : 0)
    - (/^book\/(api\/|comparison|figures|sweeps)/.test(page) ? 10 : 0),
  objNameMatch: 11, objPartialMatch: 6, objPrio: { 0: 15, 1: 5, 2: -5 }, objPrioDefault: 0,
  title: 15, partialTitle: 7, term: 5, partialTerm: 2,
};
