/** Keeps hold of the event streams that are open, so that all of them end with the server. */
export function createStreams() {
  const open = new Set<() => void>();
  let ended = false;

  return {
    /**
     * The same response, in our hand. With the server it ends without `complete`, which clients take as a reason to
     * subscribe again.
     */
    hold(response: Response): Response {
      if (response.body === null) return response;
      const reader = response.body.getReader();
      let isOver = false;
      let release = () => {};
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          const end = () => {
            release();
            controller.close();
            reader.cancel().catch(() => {});
          };
          release = () => {
            isOver = true;
            open.delete(end);
          };
          open.add(end);
          if (ended) end();
        },
        async pull(controller) {
          const { done, value } = await reader.read().catch((error) => {
            release();
            throw error;
          });
          if (isOver) return;
          if (!done) return controller.enqueue(value);
          release();
          controller.close();
        },
        cancel(reason) {
          release();
          return reader.cancel(reason);
        },
      }, { highWaterMark: 0 });
      return new Response(body, response);
    },

    /** Ends every stream, and each that is still to come. */
    endAll(): void {
      ended = true;
      for (const end of open) end();
    },
  };
}
