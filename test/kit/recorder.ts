import { createServer, type IncomingMessage, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";

/** What was asked of AWS, as a permission names it: an action, and what it was done to. */
export type Asked = { action: string; resource: string };

/** Stands between a program and an embedded server, passes everything on, and notes which permissions AWS would ask for. */
export async function startRecorder(target: string) {
  const asked: Asked[] = [];
  const { hostname, port } = new URL(target);
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      asked.push(...permissionsOf(request, body));
      const { method, url: path, headers } = request;
      const onward = send({ hostname, port, method, path, headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.pipe(response);
      });
      onward.on("error", () => response.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function permissionsOf({ method, url, headers }: IncomingMessage, body: Buffer): Asked[] {
  if (headers["content-type"] === "application/x-www-form-urlencoded") return [topicPermission(body)];
  const [service, operation] = String(headers["x-amz-target"] ?? "").split(".") as [string, string | undefined];
  if (operation === undefined) return [objectPermission(method!, url!)];
  const input = JSON.parse(body.toString("utf8")) as Input;
  if (service === "AmazonSQS") {
    const queue = input.QueueName ?? input.QueueUrl!.split("/").at(-1)!;
    return [{ action: `sqs:${operation}`, resource: `queue/${queue}` }];
  }
  return resourcesOf(operation, input).map(([action, resource]) => ({ action: `dynamodb:${action}`, resource }));
}

function topicPermission(body: Buffer): Asked {
  const form = new URLSearchParams(body.toString("utf8"));
  return { action: `sns:${form.get("Action")}`, resource: form.get("TopicArn")! };
}

type Place = { TableName: string };
type Input = Partial<Place> & {
  IndexName?: string;
  QueueName?: string;
  QueueUrl?: string;
  StreamArn?: string;
  RequestItems?: object;
  TransactItems?: Partial<Record<"Put" | "Update" | "Delete" | "ConditionCheck", Place>>[];
};

function resourcesOf(operation: string, input: Input): [action: string, resource: string][] {
  if (input.TransactItems) {
    return input.TransactItems.flatMap((item) =>
      Object.entries(item).map(([kind, place]): [string, string] => [`${kind}Item`, `table/${place.TableName}`])
    );
  }
  if (input.RequestItems) return Object.keys(input.RequestItems).map((table) => [operation, `table/${table}`]);
  if (input.StreamArn) return [[operation, `stream/${/table\/([^/]+)/.exec(input.StreamArn)![1]}`]];
  // An iterator names its stream in words of its own.
  if (!input.TableName) return [];
  return [[operation, `table/${input.TableName}${input.IndexName ? `/index/${input.IndexName}` : ""}`]];
}

function objectPermission(method: string, url: string): Asked {
  const [, bucket, key] = /^\/([^/?]+)\/?([^?]*)/.exec(url)!;
  if (key === "") return { action: "s3:ListBucket", resource: `bucket/${bucket}` };
  const actions: Record<string, string> = {
    GET: "GetObject",
    HEAD: "GetObject",
    PUT: "PutObject",
    DELETE: "DeleteObject",
  };
  return { action: `s3:${actions[method]}`, resource: `bucket/${bucket}/*` };
}
