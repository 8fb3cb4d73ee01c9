// What a search finds, in an order for people with a question: pages whose own title has the words first, pages for
// those who change the code and the list of changes last. The other numbers are Sphinx's own.
var Scorer = {
  score: (result) => {
    const [page, title, , , score] = result;
    const words = (new URLSearchParams(window.location.search).get("q") || "").toLowerCase().split(/\W+/);
    const own = words.filter((word) => word.length > 2 && title.toLowerCase().includes(word)).length;
    const last = ["architecture", "changes"].includes(page) ? 20 : 0;
    return score + 10 * own + (page === "how-do-i" ? 3 : 0) - last;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
