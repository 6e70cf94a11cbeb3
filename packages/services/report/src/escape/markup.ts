/** How one language writes what reports are made of. All texts but those that say otherwise come from outside, and are made harmless. */
export type Markup = {
  /** A text as it is, on its line. */
  code(text: string): string;
  /** Our own words, set off. */
  strong(words: string): string;
  /** A heading; of our own words. */
  heading(words: string): string;
  /** A table: its cells are markup already. */
  table(header: readonly string[], rows: readonly (readonly string[])[]): string;
  /** A list: its items are markup already. */
  list(items: readonly string[]): string;
};
