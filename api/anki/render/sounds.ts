import { unescapeHtml } from "./text.ts";

/** What is to be heard on a side: a media file, or text to be spoken in a language. */
export type Sound = { name: string } | { text: string; language: string };

const SOUND = /\[sound:([^[\]]{1,300})\]|<span class="tts" data-lang="([^"]{0,40})" data-text="([^"]*)"><\/span>/g;
const MAX_SOUNDS = 100;

/** The sounds of a side, in their order. Their marks stay where they are. */
export function soundsOf(html: string): Sound[] {
  return [...html.matchAll(SOUND)].slice(0, MAX_SOUNDS).map(([, name, language, text]) =>
    name === undefined ? { text: unescapeHtml(text!), language: language! } : { name: unescapeHtml(name) }
  );
}
