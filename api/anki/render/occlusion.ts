import { escapeHtml } from "./text.ts";

const SIGN = "image-occlusion:";
const CANVAS = /<canvas id="?image-occlusion-canvas"?>\s*<\/canvas>/i;
const CONTAINER = /<div id="?image-occlusion-container"?/i;
const MASK =
  /<div class="(cloze|cloze-inactive|cloze-highlight)" data-ordinal="[\d,]{0,1000}" data-shape="(\w{1,20})"([^>]{0,2000})><\/div>/g;
const MAX_SHAPES = 1_000;
const COLOURS: Readonly<Record<string, string>> = { cloze: "#ff8e8e", "cloze-inactive": "#ffeba2" };

/** Whether a deletion is a shape over an image: `image-occlusion:rect:left=.1:top=.2:width=.3:height=.1`. */
export function isOcclusion(children: readonly unknown[]): boolean {
  return typeof children[0] === "string" && children[0].startsWith(SIGN);
}

/** A shape as Anki marks it: empty, with its numbers (shares of the image) as data. Other text of it is not shown. */
export function occlusionHtml(text: string, ordinal: string, isActive: boolean, isQuestion: boolean): string {
  const [shape = "", ...pairs] = text.slice(SIGN.length).split(":");
  const data = pairs.slice(0, 20).map((pair) => pair.split("=", 2)).filter(([key]) => /^\w{1,20}$/.test(key ?? ""));
  const kind = isActive ? (isQuestion ? "cloze" : "cloze-highlight") : "cloze-inactive";
  const attributes = data.map(([key, value = ""]) => ` data-${key!.toLowerCase()}="${escapeHtml(value)}"`).join("");
  return `<div class="${kind}" data-ordinal="${ordinal}" data-shape="${escapeHtml(shape)}"${attributes}></div>`;
}

/**
 * The side with its shapes drawn over the image, as SVG, in place of the canvas that Anki's script would draw on. On the
 * question the shape that is asked covers its part; the others do where they are hidden as well (`oi=1`).
 */
export function drawOcclusions(html: string): string {
  if (!CANVAS.test(html)) return html;
  const shapes = [...html.matchAll(MASK)].slice(0, MAX_SHAPES).map(([, kind, shape, data]) =>
    drawn(kind!, shape!, data!)
  );
  const box = "position:absolute;left:0;top:0;width:100%;height:100%";
  const svg = `<svg viewBox="0 0 1 1" preserveAspectRatio="none" style="${box}">${shapes.join("")}</svg>`;
  return html.replace(CANVAS, () => svg).replace(
    CONTAINER,
    (start) => `${start} style="position:relative;display:inline-block"`,
  );
}

function drawn(kind: string, shape: string, data: string): string {
  const values = new Map([...data.matchAll(/ data-(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]));
  const at = (key: string) => Math.min(1, Math.max(0, Number(values.get(key)) || 0));
  if (kind === "cloze-inactive" && values.get("oi") !== "1") return "";
  const look = kind === "cloze-highlight"
    ? 'fill="none" stroke="#ff8e8e" stroke-width="0.006"'
    : `fill="${COLOURS[kind]}" stroke="#212121" stroke-width="0.003"`;
  switch (shape) {
    case "rect":
      return `<rect x="${at("left")}" y="${at("top")}" width="${at("width")}" height="${at("height")}" ${look}/>`;
    case "ellipse":
      return `<ellipse cx="${at("left") + at("rx")}" cy="${at("top") + at("ry")}" rx="${at("rx")}" ry="${
        at("ry")
      }" ${look}/>`;
    case "polygon": {
      const points = (values.get("points") ?? "").split(/\s+/).filter((point) => /^-?[\d.]+,-?[\d.]+$/.test(point));
      return `<polygon points="${points.join(" ")}" ${look}/>`;
    }
    default:
      return "";
  }
}
