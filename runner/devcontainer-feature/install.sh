#!/bin/sh
# Installs what a mesh-six runner needs; run as root by the tools for development containers. Running it again changes nothing.
set -eu
isolation=${ISOLATION:-user}
missing=""
command -v git >/dev/null || missing="$missing git"
{ command -v setpriv && command -v prlimit && command -v unshare; } >/dev/null || missing="$missing util-linux"
[ "$isolation" != bubblewrap ] || command -v bwrap >/dev/null || missing="$missing bubblewrap"
if [ -n "$missing" ]; then
  if command -v apt-get >/dev/null; then
    apt-get update -qq
    # shellcheck disable=SC2086 # words on purpose
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ca-certificates $missing
    rm -rf /var/lib/apt/lists/*
  elif command -v apk >/dev/null; then
    # shellcheck disable=SC2086
    apk add --no-cache ca-certificates setpriv $missing
  else
    echo "mesh-runner: install$missing first; this image has neither apt-get nor apk" >&2
    exit 1
  fi
fi
folder=${MESH_RUNNER_STATE:-/var/lib/mesh-runner}
mkdir -p "$folder"
# Users that runs have pass through it and read nothing in it.
chmod 0711 "$folder"
[ "$isolation" != bubblewrap ] || chown "${_REMOTE_USER:-root}" "$folder"
