const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}

/** The text without tags, comments, styles and scripts; entities stay as they are. */
export function stripHtml(html: string): string {
  return html.replaceAll(/<!--[\s\S]*?-->|<style[\s\S]*?<\/style>|<script[\s\S]*?<\/script>|<[^>]*>/gi, "");
}

/** Whether a field counts as empty in conditionals: nothing, white space, or only breaks. */
export function isBlank(html: string): boolean {
  return /^(?:\s|<\/?(?:br|div)\s*\/?>)*$/i.test(html);
}
