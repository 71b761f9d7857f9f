/** Run another command given as their arguments; the options that take a value of their own. */
export const wrappers: Readonly<Record<string, { readonly valued: readonly string[]; readonly skip?: number }>> = {
  command: { valued: [] },
  builtin: { valued: [] },
  exec: { valued: ["-a"] },
  nohup: { valued: [] },
  nice: { valued: ["-n"] },
  ionice: { valued: ["-c", "-n"] },
  setsid: { valued: [] },
  stdbuf: { valued: ["-i", "-o", "-e"] },
  timeout: { valued: ["-s", "--signal", "-k", "--kill-after"], skip: 1 },
  time: { valued: ["-f", "-o"] },
  env: { valued: ["-u", "--unset", "-C", "--chdir"] },
  xargs: { valued: ["-I", "-n", "-P", "-L", "-s", "-d", "-E", "-a", "--arg-file", "--max-args", "--max-procs", "--delimiter"] },
  busybox: { valued: [] },
  unshare: { valued: [] },
  chronic: { valued: [] },
  watch: { valued: ["-n", "-d"] },
  flock: { valued: ["-w", "-E"], skip: 1 },
  script: { valued: [] },
};

export const shells = new Set(["sh", "bash", "dash", "zsh", "ksh", "ash", "fish"]);

/** Run code given as an argument. */
export const interpreters: Readonly<Record<string, readonly string[]>> = {
  python: ["-c"],
  python2: ["-c"],
  python3: ["-c"],
  node: ["-e", "--eval", "-p", "--print", "-pe"],
  nodejs: ["-e", "--eval", "-p", "--print"],
  deno: ["eval"],
  bun: ["-e", "--eval"],
  perl: ["-e", "-E", "-ne", "-pe", "-ane", "-lne"],
  ruby: ["-e", "-ne", "-pe"],
  php: ["-r"],
  lua: ["-e"],
  osascript: ["-e"],
  awk: [],
  gawk: [],
  mawk: [],
};

/** Talk to other machines, whatever they are told. */
export const networkPrograms = new Set(
  (
    "curl wget http https xh httpie aria2c nc ncat netcat socat telnet ssh scp sftp rsync ftp lftp tftp dig nslookup host drill ping ping6 " +
    "traceroute nmap mosh gh hub glab aws gcloud gsutil az kubectl helm terraform heroku vercel netlify wrangler flyctl doctl docker podman " +
    "buildah skopeo mail mailx sendmail ngrok cloudflared tailscale rclone s3cmd smbclient whois w3m lynx links svn hg"
  ).split(" "),
);

/** Of those, what is often said to a server on this machine. */
export const talkers = new Set(["curl", "wget", "http", "https", "xh", "nc", "ncat", "netcat", "telnet", "ping"]);

/** Options of curl and wget whose value is not an address. */
export const talkersValued = new Set(
  (
    "-X --request -H --header -d --data --data-raw --data-binary --data-urlencode --json -o --output -u --user -A --user-agent -e --referer -b " +
    "--cookie -c --cookie-jar -F --form -m --max-time -w --write-out --retry --retry-delay --connect-timeout -O --output-document -T --timeout " +
    "-t --tries -P --directory-prefix -D --dump-header --cacert --cert --key -p --port"
  ).split(" "),
);

export const publishing: readonly RegExp[] = [
  /^(?:npm|pnpm|yarn|bun) (?:publish|unpublish|deprecate|dist-tag|login|adduser|token|owner|access)\b/,
  /^yarn npm publish\b/,
  /^cargo (?:publish|yank|login|owner)\b/,
  /^gem (?:push|yank)\b/,
  /^twine upload\b/,
  /^(?:poetry|uv|hatch|flit) publish\b/,
  /^(?:docker|podman) (?:push|login)\b/,
  /^(?:vsce|ovsx) publish\b/,
  /^gh (?:release|gist) (?:create|upload|edit|delete)\b/,
  /^(?:mvn|\.\/mvnw) (?:.* )?deploy\b/,
  /^(?:gradle|\.\/gradlew) (?:.* )?publish/,
];

export const destructive = new Set(
  (
    "sudo doas su pkexec chroot nsenter mount umount mkfs fdisk parted wipefs shutdown reboot halt poweroff init systemctl service launchctl " +
    "iptables nft crontab at batch shred killall pkill insmod modprobe sysctl passwd useradd usermod visudo"
  ).split(" "),
);

/** Print what the process was given to log in with. */
export const environmentPrinters = /^(?:printenv(?: .*)?|env|set|export(?: -p)?|declare(?: -[pxr]+)?|typeset(?: -[pxr]+)?|compgen -v.*)$/;

/** Their arguments name no files. */
export const withoutFiles = new Set(
  (
    "echo printf test [ true false : exit return break continue shift sleep date seq kill wait jobs type which hash local unset umask ulimit let " +
    "basename dirname expr yes nproc uname whoami id hostname tput alias"
  ).split(" "),
);

/** The first argument that is no option is a pattern or a script. */
export const withScript = new Set([
  "grep",
  "egrep",
  "fgrep",
  "rg",
  "ag",
  "ack",
  "sed",
  "awk",
  "gawk",
  "mawk",
  "jq",
  "yq",
  "tr",
  "perl",
  "sg",
  "ast-grep",
]);

/** Change what their arguments name. */
export const writers = new Set("rm rmdir unlink mv tee touch chmod chown chgrp mkdir truncate dd install patch mkfifo mknod".split(" "));

/** Variables that change what other programs are or do. */
export const tellingVariables =
  /^(?:PATH|IFS|CDPATH|ENV|BASH_ENV|PROMPT_COMMAND|SHELLOPTS|LD_.+|DYLD_.+|NODE_OPTIONS|PYTHONSTARTUP|PYTHONPATH|PERL5OPT|PERL5LIB|RUBYOPT|GIT_(?:SSH.*|EXTERNAL_DIFF|CONFIG.*|EXEC_PATH|DIR|WORK_TREE|PROXY_COMMAND|ASKPASS|TEMPLATE_DIR)|SSH_ASKPASS|EDITOR|VISUAL|PAGER|GIT_EDITOR|GIT_PAGER|GIT_SEQUENCE_EDITOR)$/;
