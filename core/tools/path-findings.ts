import { credentialSamples, isCredentialFile } from "./credential-files.ts";
import type { ToolFinding, ToolScene } from "./tool-use.ts";

export type PathUse = "read" | "write";

/** Read by about every program; nothing of a person is in them. */
const system = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/opt", "/etc", "/nix", "/snap", "/System", "/Library"];
const devices = /^\/dev\/(?:null|zero|full|u?random|stdin|stdout|stderr|tty|fd\/\d+|ptmx|shm(?:\/[^.].*)?)$/;
/** Of /proc only what says nothing of any process. */
const harmlessProc =
  /^\/proc\/(?:cpuinfo|meminfo|version|loadavg|stat|uptime|filesystems|mounts|self\/(?:status|stat|limits|cgroup|mountinfo)|sys\/.+)$/;

/** What is to be said of a path that a tool reads or writes; `path` is absolute, and its symbolic links are followed. */
export function pathFindings(path: string, use: PathUse, scene: ToolScene): ToolFinding[] {
  const said = normalized(path);
  if (/^\/dev\/(?:tcp|udp)\//.test(said)) return [{ subject: "network", about: said.split("/")[3] ?? said }];
  if (devices.test(said)) return [];
  if (isProc(said)) return harmlessProc.test(said) && use === "read" ? [] : [{ subject: "credentials", about: said }];
  const real = normalized(scene.realPath(said));
  const found: ToolFinding[] = [];
  if (isProc(real)) found.push({ subject: "credentials", about: shown(said, scene) });
  else if (isCredentialFile(real) || isCredentialFile(said)) found.push({ subject: "credentials", about: shown(said, scene) });
  if (!isInside(real, scene) && !(use === "read" && system.some((folder) => isWithin(real, folder)))) {
    found.push({ subject: "outside", about: real === said ? said : `${shown(said, scene)} → ${real}` });
  }
  return found;
}

/** What reads everything below a folder reads the credentials in it as well; `name` narrows to files of such a name. */
export function searchFindings(folder: string, scene: ToolScene, name: (file: string) => boolean = () => true): ToolFinding[] {
  const found = pathFindings(folder, "read", scene);
  const real = normalized(scene.realPath(normalized(folder)));
  const held = scene.credentialFiles.find((file) => isWithin(file, real) && name(file.slice(file.lastIndexOf("/") + 1)));
  return held === undefined ? found : [...found, { subject: "credentials", about: shown(held, scene) }];
}

/** Files that a pattern of the shell may come to: those that are there, and names that credentials usually have. */
export function patternFindings(pattern: RegExp, text: string, folder: string, scene: ToolScene): ToolFinding[] {
  const here = (file: string) => (text.startsWith("/") ? file : file.startsWith(`${folder}/`) ? file.slice(folder.length + 1) : null);
  const held = scene.credentialFiles.find((file) => {
    const name = here(file);
    return name !== null && pattern.test(name);
  });
  if (held !== undefined) return [{ subject: "credentials", about: shown(held, scene) }];
  const slash = text.lastIndexOf("/");
  const name = text.slice(slash + 1);
  const prefix = text.slice(0, slash + 1);
  // A bare star is told by what is there; anything more was meant to find something.
  const sample = /^\**$/.test(name) ? undefined : credentialSamples.find((one) => pattern.test(/[*?[]/.test(prefix) ? one : prefix + one));
  return sample === undefined ? [] : [{ subject: "credentials", about: text }];
}

/** Joined to a folder, without `.`, `..` and doubled slashes. */
export function absolute(path: string, folder: string): string {
  return normalized(path.startsWith("/") ? path : `${folder}/${path}`);
}

export function isInside(path: string, { tree, home, tmp }: ToolScene): boolean {
  return [tree, home, tmp].some((folder) => isWithin(path, folder));
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === "/" ? "/" : `${folder}/`);
}

function isProc(path: string): boolean {
  return isWithin(path, "/proc");
}

function normalized(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** Within the worktree as seen from it. */
function shown(path: string, { tree }: ToolScene): string {
  return path.startsWith(`${tree}/`) ? path.slice(tree.length + 1) : path;
}
