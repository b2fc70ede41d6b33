import { finderOf } from "./scan.ts";
import { escapeHtml, stripHtml, unescapeHtml } from "./text.ts";

/** What is to be heard on a side: a media file, or text to be spoken in a language, by one of the voices, so fast. */
export type Sound = { name: string } | Speech;
export type Speech = { text: string; language: string; voices: string[]; speed: number };

const SOUND = /\[sound:([^[\]]{1,300})\]|<span class="tts"([^>]{0,9000})><\/span>/g;
const MAX_SOUNDS = 100;
const MAX_VOICES = 50;
/** What is spoken in the place of what is asked. */
const BLANK = "blank";
const START = "[anki:tts";
const END = "[/anki:tts]";
const OPTION = /([^\s=\]]{1,60})=(?:"([^"]{0,300})"|([^\s"\]]{0,300}))/g;
const BREAKS =
  /<\/?(?:br|address|article|aside|blockquote|canvas|dd|div|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|header|hr|li|main|nav|noscript|ol|output|p|pre|section|table|tfoot|ul|video)>/gi;

/** The sounds of a side, in their order. Their marks stay where they are. */
export function soundsOf(html: string): Sound[] {
  return [...html.matchAll(SOUND)].slice(0, MAX_SOUNDS).map(([, name, speech]) =>
    name === undefined ? speechOf(speech!) : { name: unescapeHtml(name) }
  );
}

/** An empty mark, since what is to be heard is not to be read. The options are those of Anki: `de_DE voices=A,B speed=0.8`. */
export function speechMark(content: string, options: ReadonlyMap<string, string>, isQuestion: boolean): string {
  const text = unescapeHtml(stripHtml(content.replaceAll(BREAKS, " "))).trim();
  if (text === "") return "";
  const said = isQuestion ? text.replaceAll("[...]", options.get("cloze_blank") ?? BLANK) : text;
  const data = {
    lang: options.get("lang") ?? "",
    voices: options.get("voices"),
    speed: options.get("speed"),
    text: said,
  };
  const attributes = Object.entries(data).flatMap(([key, value]) =>
    value === undefined ? [] : [` data-${key}="${escapeHtml(value)}"`]
  );
  return `<span class="tts"${attributes.join("")}></span>`;
}

/** `lang` and the other options of speech out of a text like `lang=de_DE voices="A B"`. */
export function speechOptions(text: string): Map<string, string> {
  return new Map([...text.matchAll(OPTION)].map(([, key, quoted, bare]) => [key!, quoted ?? bare ?? ""]));
}

/** The text with each `[anki:tts lang=…]…[/anki:tts]` of a template as a mark. */
export function markSpeech(html: string, isQuestion: boolean): string {
  if (!html.includes(START)) return html;
  const [start, close, end] = [finderOf(html, START), finderOf(html, "]"), finderOf(html, END)];
  const parts: string[] = [];
  let [from, at] = [0, 0];
  for (let place = start(0); place < Infinity; place = start(at)) {
    const inner = close(place) + 1;
    const past = end(inner);
    if (past === Infinity) break;
    at = past + END.length;
    parts.push(html.slice(from, place));
    parts.push(speechMark(html.slice(inner, past), speechOptions(html.slice(place + START.length, inner)), isQuestion));
    from = at;
  }
  return parts.join("") + html.slice(from);
}

function speechOf(data: string): Speech {
  const values = new Map([...data.matchAll(/ data-(\w{1,10})="([^"]*)"/g)].map(([, key, value]) => [key!, value!]));
  const speed = Number(values.get("speed") ?? 1);
  return {
    text: unescapeHtml(values.get("text") ?? ""),
    language: unescapeHtml(values.get("lang") ?? ""),
    voices: unescapeHtml(values.get("voices") ?? "").split(",").map((voice) => voice.trim()).filter(Boolean).slice(
      0,
      MAX_VOICES,
    ),
    speed: Number.isFinite(speed) && speed > 0 ? speed : 1,
  };
}
