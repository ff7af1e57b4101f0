/** How much of a suggestion stands in the document: pure functions on texts. */

export interface Offered {
  insertText: string;
  start: { line: number; character: number };
  /** The offer's id; empty for one that is not finished. */
  id: string;
}

/**
 * The suggestion of which `inserted`, the text between its start and the cursor, is a part, and how long that part is
 * in UTF-16 units from the beginning of its text. Undefined where it is none, or all of one.
 */
export function partOf(offers: readonly Offered[], inserted: string): { offer: Offered; length: number } | undefined {
  if (!inserted) return undefined;
  const offer = offers.find((each) => each.id && each.insertText.startsWith(inserted));
  return offer && inserted.length < offer.insertText.length ? { offer, length: inserted.length } : undefined;
}
