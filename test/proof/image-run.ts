import { spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Running, treeOf, watch } from "../kit/process.ts";
import type { ImageConfig } from "./image-build.ts";

export type Image = { tree: string; config: ImageConfig };

/** Mounts what a container is started with; then runs what follows, with no environment but the one given there. */
const PREPARE = `
  set -e
  mount --make-rprivate /
  mount --bind "$TREE" "$MOUNT"
  mount -o remount,bind,ro "$MOUNT"
  mount -t tmpfs -o size=1g,mode=1777,noexec,nosuid,nodev tmpfs "$MOUNT/tmp"
  mount --rbind /dev "$MOUNT/dev"
  if [ -n "$DATA" ]; then mount --bind "$DATA" "$MOUNT/data"; mount -o "remount,bind,$DATA_MODE" "$MOUNT/data"; fi
  exec /usr/bin/env -i "$@"
`;

/**
 * Starts what `docker run --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges` does, but for the
 * network, which is ours: the tree read-only, the image's user, environment and command, and as the first process of its
 * own. \`command\` stands for the image's own. `data` is a folder that lies at /data.
 */
export function startImage(
  { tree, config }: Image,
  folder: string,
  { env = {}, data, command = config.Cmd }: {
    env?: Record<string, string>;
    data?: { path: string; mode: "ro" | "rw" };
    command?: readonly string[];
  } = {},
): Running {
  const mount = join(folder, "mount");
  mkdirSync(mount, { recursive: true });
  const [uid = "", gid = ""] = config.User.split(":");
  const variables = [...config.Env, ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
  const isolated = [
    ...["/usr/bin/setpriv", "--no-new-privs", "/usr/bin/unshare", "--pid", "--fork", "--kill-child", "--mount-proc"],
    ...[`--root=${mount}`, `--wd=${config.WorkingDir}`, `--setgid=${gid}`, `--setuid=${uid}`],
  ];
  const args = ["--mount", "sh", "-c", PREPARE, "sh", ...variables, ...isolated, ...config.Entrypoint, ...command];
  const child = spawn("unshare", args, {
    env: { PATH: process.env.PATH!, TREE: tree, MOUNT: mount, DATA: data?.path ?? "", DATA_MODE: data?.mode ?? "" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  return watch(child);
}

/** Sends a signal to the first process of a container, as `docker stop` does. */
export function signal(running: Running, name: NodeJS.Signals): void {
  const first = treeOf(running.pid)[1];
  if (first === undefined) throw new Error(`It ended already: ${running.output().slice(-500)}`);
  process.kill(first, name);
}
