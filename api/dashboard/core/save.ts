/** Has the browser keep what is behind a link as a file; the page stays. The link is the service's own, for some minutes. */
export function save(url: string, fileName: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = fileName;
  link.rel = "noreferrer";
  link.click();
}
