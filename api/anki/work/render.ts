import { type CardContent, renderContent, type RenderedCard, sizeOf, tooLarge } from "../render/card.ts";
import { type Workers, WorkLimitError } from "./pool.ts";

/** What is no larger is rendered at once: its time is less than that of the way to a worker and back. */
const SMALL_CHARS = 16_384;
/** What a card may take is counted in characters; this ends what that does not see, also where the machine is busy with else. */
const RENDER_MS = 10_000;

export type Render = (owner: string, content: CardContent) => Promise<RenderedCard>;

/** Renders cards: small ones here, all others in a worker, which is ended where it takes longer. */
export function createRender(workers: Workers): Render {
  return async (owner, content) => {
    if (sizeOf(content) <= SMALL_CHARS) return renderContent(content);
    try {
      return await workers.run(owner, RENDER_MS, (ask) => ask.render(content));
    } catch (error) {
      if (!(error instanceof WorkLimitError)) throw error;
      return tooLarge(`it takes more ${error.limit} than a card may`, content.number);
    }
  };
}
