/** What a list is made of, for the keyboard: its items, and questions wherever they stand. */
const rows = "main :is(ul.runs, ul.past, ol.past) > li, main article.question, main [data-row]";

/** Moves the focus to the next thing of the lists shown, or to the one before it; Enter then opens it as any link. */
export function stepThroughRows(by: 1 | -1): void {
  const targets = [...document.querySelectorAll<HTMLElement>(rows)].flatMap((row) => {
    const target = row.matches("a, button, [tabindex]") ? row : row.querySelector<HTMLElement>("h3 a[href], a[href]");
    return target && target.getClientRects().length > 0 ? [{ row, target }] : [];
  });
  const focused = document.activeElement;
  const inRow = targets.findLastIndex(({ row }) => row.contains(focused));
  const next = inRow < 0 ? (by === 1 ? 0 : targets.length - 1) : inRow + by;
  const target = targets[next]?.target;
  target?.focus();
  target?.scrollIntoView({ block: "nearest" });
}
