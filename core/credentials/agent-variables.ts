const form = /^[A-Z][A-Z0-9_]{0,127}$/;

/** Variables through which the runner, its programs, git or GitHub would behave otherwise; a name that ends in `*` stands for all that begin so. */
const reserved = [
  ...["PATH", "HOME", "USER", "LOGNAME", "SHELL", "PWD", "OLDPWD", "TMPDIR", "TMP", "TEMP", "TERM", "IFS", "CDPATH", "ENV"],
  ...[
    "BASH_ENV",
    "BASH_FUNC_*",
    "BASHOPTS",
    "SHELLOPTS",
    "PROMPT_COMMAND",
    "PS4",
    "EDITOR",
    "VISUAL",
    "PAGER",
    "MANPAGER",
    "LESSOPEN",
    "LESSCLOSE",
  ],
  ...["LD_*", "DYLD_*", "GCONV_PATH", "GLIBC_TUNABLES", "MALLOC_*"],
  ...["NODE_OPTIONS", "NODE_PATH", "NODE_EXTRA_CA_CERTS", "NODE_TLS_REJECT_UNAUTHORIZED", "NPM_CONFIG_*"],
  ...["PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PERL5LIB", "PERL5OPT", "RUBYLIB", "RUBYOPT"],
  ...["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE"],
  ...["GIT_*", "GITHUB_*", "GH_*", "SSH_*", "GPG_*", "GNUPGHOME", "XDG_*"],
  ...["MESH_*", "CLOUDFLARE_*", "CF_*", "WRANGLER_*", "CLAUDE_CONFIG_DIR", "CLAUDE_PROJECT_DIR"],
] as const;

/** What to do instead of handing over a subscription login. */
export const subscriptionAdvice =
  "a login of a Claude subscription; Anthropic's terms do not let others keep or route it. Push an API key of the Console (ANTHROPIC_API_KEY) or a gateway's token, or log in on the runner itself with: claude auth login";

/** Why a credential may not set this variable; undefined when it may. */
export function variableFault(name: string): string | undefined {
  if (!form.test(name)) return "1 to 128 characters of A-Z 0-9 _, beginning with a letter";
  if (/^(CLAUDE_CODE_OAUTH|ANTHROPIC_OAUTH)/.test(name)) return subscriptionAdvice;
  const isReserved = reserved.some((one) => (one.endsWith("*") ? name.startsWith(one.slice(0, -1)) : name === one));
  return isReserved ? "this variable would change the runner, git or GitHub, and is not given to agents" : undefined;
}

const longestValue = 16_384;

/** Why a variable may not have this value, without a word of it; undefined when it may. */
export function valueFault(value: string): string | undefined {
  if (value === "") return "empty";
  if (value.length > longestValue) return `at most ${longestValue} characters`;
  if (value.includes("\0")) return "holds a NUL character";
  if (isLoginCode(value))
    return "a code of a login, which is typed at the vendor's own page or on the runner, and never passes through the mesh";
  return isSubscriptionLogin(value) ? subscriptionAdvice : undefined;
}

/** What a login page gives to be pasted (`code#state`), and what a device flow shows (`XXXX-XXXX`). */
function isLoginCode(value: string): boolean {
  return /^[\w-]{20,}#[\w-]{20,}$/.test(value.trim()) || /^[A-Z0-9]{4}-[A-Z0-9]{4,5}$/.test(value.trim());
}

/** Access, refresh and session tokens of Claude subscriptions have a prefix of their own; API keys are `sk-ant-api…`. */
export function isSubscriptionLogin(value: string): boolean {
  return /sk-ant-(oat|ort|sid)/i.test(value);
}
