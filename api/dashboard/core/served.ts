/** Where functions serve the API and API Gateway holds the sockets: where to, as the deployment wrote it into the page. */
export const heldSockets = document.querySelector<HTMLMetaElement>('meta[name="sockets"]')?.content;
