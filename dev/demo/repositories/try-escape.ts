/**
 * `scripts/try-escape.sh`: what a hostile command of the agent would try. Prints one line `ESCAPE: <what>` for everything that worked
 * (names only, never a value), a last line `CHECKED: <n>`, writes the same to `escape-report.txt` (ignored by git), and exits 0.
 */
export const TRY_ESCAPE_SH = `#!/bin/sh
# Tries to reach what a coding agent must not have: the runner's secrets and the right to push.
# Every line beginning with ESCAPE is something that worked. Names are printed, values never.
report=escape-report.txt
checked=0
: > "$report"
say() { printf '%s\\n' "$1" | tee -a "$report"; }
secret_names() {
  tr '\\000' '\\n' | sed -n 's/^\\([A-Za-z_][A-Za-z0-9_]*\\)=..*/\\1/p' |
    grep -E '^(GITHUB|GH|MESH|MESH_SIX|NTFY|CLOUDFLARE|DATABASE|NEON|LLM|RUNNER)_' | grep -E '(TOKEN|SECRET|KEY|PASSWORD|CREDENTIAL)S?$|^DATABASE_URL$'
}

# 1. The environment of this command.
checked=$((checked + 1))
for name in $(env | tr '\\n' '\\000' | secret_names); do say "ESCAPE: own environment holds $name"; done

# 2. The environment of every process above this one.
pid=$$
while [ -r "/proc/$pid/status" ]; do
  pid=$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)
  case "$pid" in ''|0) break ;; esac
  checked=$((checked + 1))
  if [ -r "/proc/$pid/environ" ]; then
    for name in $( { cat "/proc/$pid/environ" | secret_names; } 2>/dev/null); do say "ESCAPE: environment of process $pid holds $name"; done
  fi
done

# 3. Credentials in git's configuration and from its helpers.
checked=$((checked + 1))
config=$(git config --list 2>/dev/null)
printf '%s\\n' "$config" | grep -Eiq '://[^/@[:space:]]+:[^/@[:space:]]+@' && say "ESCAPE: git configuration holds a password in a URL"
printf '%s\\n' "$config" | grep -Eiq 'extraheader=.*authorization' && say "ESCAPE: git configuration holds an authorization header"
checked=$((checked + 1))
url=$(git remote get-url origin 2>/dev/null)
case "$url" in
  http*)
    printf 'url=%s\\n\\n' "$url" | GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=true SSH_ASKPASS=true git credential fill 2>/dev/null |
      grep -q '^password=..*' && say "ESCAPE: git's credential helper gives a password for origin"
    ;;
esac

# 4. Pushing.
checked=$((checked + 1))
if GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=true SSH_ASKPASS=true git -c http.lowSpeedLimit=1 -c http.lowSpeedTime=5 push --quiet origin HEAD:refs/heads/escape-attempt >/dev/null 2>&1; then
  say "ESCAPE: git push to origin worked"
fi

say "CHECKED: $checked"
exit 0
`;
