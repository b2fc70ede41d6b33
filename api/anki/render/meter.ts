/** A card that is too much to render; the message tells its author which limit. */
export class RenderLimitError extends Error {}

const MB = 1024 * 1024;
/** Template, style and fields together. Real ones have some kilobytes. */
export const MAX_CHARS = 4 * MB;
/** Each side that comes out of them: the thread that serves everybody writes it into an answer. */
export const MAX_SIDE_CHARS = 2 * MB;
/** All text that is read or written while a card is rendered: some tenths of a second. */
const MAX_WORK = 24 * MB;

/** Counts the characters that were worked on, since one `{{field}}` may stand in a template a hundred thousand times. */
export type Meter = { spend(chars: number): void };

export function createMeter(): Meter {
  let left = MAX_WORK;
  return {
    spend(chars) {
      left -= chars;
      if (left < 0) throw new RenderLimitError("it takes too much work to be shown");
    },
  };
}
