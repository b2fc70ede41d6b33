import { escapeHtml } from "./text.ts";

const SIGN = "image-occlusion:";
const CANVAS = /<canvas id="?image-occlusion-canvas"?>\s*<\/canvas>/i;
const CONTAINER = /<div id="?image-occlusion-container"?/i;
const MASK =
  /<div class="(cloze|cloze-inactive|cloze-highlight)" data-ordinal="[\d,]{0,1000}" data-shape="(\w{1,20})"([^>]{0,2000})><\/div>/g;
const PROPERTY = /:(\w{1,20})=((?:[^\\:]|\\[\\:])*)/g;
const MAX_SHAPES = 1_000;
const COLOURS: Readonly<Record<string, string>> = { cloze: "#ff8e8e", "cloze-inactive": "#ffeba2" };

/** Whether a deletion is a shape over an image: `image-occlusion:rect:left=.1:top=.2:width=.3:height=.1`. */
export function isOcclusion(children: readonly unknown[]): boolean {
  return typeof children[0] === "string" && children[0].startsWith(SIGN);
}

/**
 * A shape as Anki marks it: empty, with its numbers (shares of the image) as data. A backslash stands before a colon of a
 * text. What has number 0 (a text on the image) is there on both sides and asks for nothing. Other text of it is not shown.
 */
export function occlusionHtml(
  text: string,
  numbers: readonly number[],
  isActive: boolean,
  isQuestion: boolean,
): string {
  const shape = /^\w{0,20}/.exec(text.slice(SIGN.length))![0];
  const data = [...text.slice(SIGN.length + shape.length).matchAll(PROPERTY)].slice(0, 20);
  const isAsked = (isActive && isQuestion) || numbers.includes(0);
  const kind = isAsked ? "cloze" : isActive ? "cloze-highlight" : "cloze-inactive";
  const attributes = data.map(([, key, value]) =>
    ` data-${key!.toLowerCase()}="${escapeHtml(value!.replaceAll(/\\([\\:])/g, "$1"))}"`
  );
  return `<div class="${kind}" data-ordinal="${numbers.join(",")}" data-shape="${shape}"${attributes.join("")}></div>`;
}

/**
 * The side with its shapes drawn over the image, as SVG, in place of the canvas that Anki's script would draw on. On the
 * question the shape that is asked covers its part; the others do where they are hidden as well (`oi=1`).
 */
export function drawOcclusions(html: string): string {
  if (!CANVAS.test(html)) return html;
  const shapes = [...html.matchAll(MASK)].slice(0, MAX_SHAPES);
  const all = (draw: typeof drawn) => shapes.map(([, kind, shape, data]) => draw(kind!, shape!, data!)).join("");
  const box = "position:absolute;left:0;top:0;width:100%;height:100%";
  const turned = all(drawnByImage);
  const svg = `<svg viewBox="0 0 1 1" preserveAspectRatio="none" style="${box}">${all(drawn)}</svg>` +
    (turned && `<svg style="${box};overflow:visible">${turned}</svg>`);
  return html.replace(CANVAS, () => svg).replace(
    CONTAINER,
    (start) => `${start} style="position:relative;display:inline-block"`,
  );
}

function valuesOf(data: string): Map<string, string> {
  return new Map([...data.matchAll(/ data-(\w+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!]));
}

const shareOf = (values: ReadonlyMap<string, string>, key: string) =>
  Math.min(1, Math.max(0, Number(values.get(key)) || 0));

function looksOf(kind: string, strokeWidth: number): string {
  return kind === "cloze-highlight"
    ? `fill="none" stroke="#ff8e8e" stroke-width="${strokeWidth * 2}"`
    : `fill="${COLOURS[kind]}" stroke="#212121" stroke-width="${strokeWidth}"`;
}

function isSeen(kind: string, values: ReadonlyMap<string, string>): boolean {
  return kind !== "cloze-inactive" || values.get("oi") === "1";
}

/** A shape in shares of the image. */
function drawn(kind: string, shape: string, data: string): string {
  const values = valuesOf(data);
  const at = (key: string) => shareOf(values, key);
  if (!isSeen(kind, values) || isTurned(shape, values)) return "";
  const look = looksOf(kind, 0.003);
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

function isTurned(shape: string, values: ReadonlyMap<string, string>): boolean {
  const angle = Number(values.get("angle") ?? 0);
  return (shape === "rect" || shape === "ellipse") && Number.isFinite(angle) && angle % 360 !== 0;
}

/** What would be skewed in shares of an image that is no square: shapes that are turned about their corner, and text. */
function drawnByImage(kind: string, shape: string, data: string): string {
  const values = valuesOf(data);
  const at = (key: string) => `${Number((shareOf(values, key) * 100).toFixed(4))}%`;
  if (shape === "text") {
    const text = `<text x="${at("left")}" y="${at("top")}" dominant-baseline="hanging">${
      values.get("text") ?? ""
    }</text>`;
    return kind === "cloze-inactive" ? "" : text;
  }
  if (!isSeen(kind, values) || !isTurned(shape, values)) return "";
  const turn = `style="transform-box:fill-box;transform-origin:0 0;transform:rotate(${
    Number(values.get("angle"))
  }deg)"`;
  const look = `${looksOf(kind, 1)} ${turn}`;
  if (shape === "rect") {
    return `<rect x="${at("left")}" y="${at("top")}" width="${at("width")}" height="${at("height")}" ${look}/>`;
  }
  const middle = (from: string, radius: string) =>
    `${Number(((shareOf(values, from) + shareOf(values, radius)) * 100).toFixed(4))}%`;
  return `<ellipse cx="${middle("left", "rx")}" cy="${middle("top", "ry")}" rx="${at("rx")}" ry="${
    at("ry")
  }" ${look}/>`;
}
