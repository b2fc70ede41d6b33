import type uPlot from "uplot";
import { numberOf, timeOf } from "../core/zone.svelte.ts";

/** So many of the page's letters in px: they grow with the window, and charts with them. */
export const rem = (count: number): number =>
  Math.round(count * parseFloat(getComputedStyle(document.documentElement).fontSize));

/** A colour of ours as the canvas takes it: `light-dark()` and variables are resolved by an element in the page. */
export function colourOf(host: HTMLElement, name: string): string {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  host.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** Axes in the colours and the zone of the page. `timeText` says how an instant is written below. */
export function axesOf(host: HTMLElement, timeText: (ms: number) => string = timeOf): uPlot.Axis[] {
  const axis = {
    font: `${rem(0.8)}px system-ui, sans-serif`,
    stroke: colourOf(host, "--quiet"),
    grid: { stroke: colourOf(host, "--line"), width: 1 },
    ticks: { show: false },
  };
  return [
    { ...axis, size: rem(1.9), values: (_, splits) => splits.map((s) => timeText(s * 1_000)) },
    { ...axis, size: rem(3.2), values: (_, splits) => splits.map(numberOf) },
  ];
}
