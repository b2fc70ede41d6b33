/** What a page may show or play by a link, and never read. */
const SHOWN = ["image", "audio", "video"];

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** Whether a request to the embedded stores names this machine by its address, and comes from no other site's page. */
export function isOwnClient(headers: Headers, url: string): boolean {
  // A stranger's name may resolve to us, and stands here then.
  if (!/^(127(\.\d+){3}|localhost)(:\d+)?$/.test(String(headers["host"]))) return false;
  const site = headers["sec-fetch-site"];
  // A link is opened by whoever was given it (`none`, or a navigation), and cards show pictures by them; scripts of other sites have an origin.
  const isShown = SHOWN.includes(String(headers["sec-fetch-dest"])) && url.includes("X-Amz-Signature=");
  return headers["origin"] === undefined && (site === undefined || headers["sec-fetch-mode"] === "navigate" || isShown);
}
