#!/bin/sh
# The agent of agent.ts with nothing but a shell and curl: it asks for frames by long-poll and reports by POST.
#
#   MESH_URL=http://127.0.0.1:8788/api MESH_AGENT_TOKEN=mesh_agent_… sh docs/examples/agent.sh
set -eu
: "${MESH_URL:?the address of the mesh}" "${MESH_AGENT_TOKEN:?the token of the agent}" "${AGENT_ID:=greeter}"

# The token goes by a file: arguments can be seen by everyone on this machine.
umask 077
headers=$(mktemp)
trap 'rm -f "$headers"' EXIT
trap 'exit 0' INT TERM
printf 'authorization: Bearer %s\ncontent-type: application/json\n' "$MESH_AGENT_TOKEN" >"$headers"

ask() { # method, path, body
  curl --silent --show-error --fail --max-time 60 --header "@$headers" --request "$1" "$MESH_URL/agents/$AGENT_ID/$2" ${3:+--data "$3"}
}

# Reports are numbered from 1 in a journal that lasts as long as this process, and sent until the mesh has them.
journal="sh-$(date +%s)-$$"
seq=0
report() { # the body of one report
  seq=$((seq + 1))
  until ask POST reports "{\"journal\":\"$journal\",\"reports\":[{\"seq\":$seq,\"at\":$(date +%s)000,\"body\":$1}]}" | grep -q "\"ack\":$seq[,}]"; do
    sleep 2
  done
}

ask POST register '{"capabilities":[{"name":"greet"}],"slots":1,"metadata":{"version":"1.0.0"}}' >/dev/null
echo "registered as $AGENT_ID" >&2
while true; do
  frames=$(ask GET 'tasks?wait=25') || { sleep 2; continue; }
  # One assignment a line; a real agent reads the JSON with a parser.
  echo "$frames" | sed 's/{"taskId"/\n&/g' | grep '^{"taskId".*"capability":"greet"' | while IFS= read -r task; do
    ref=$(echo "$task" | sed 's/^{\("taskId":"[^"]*","attempt":[0-9]*\).*/\1/')
    name=$(echo "$task" | sed -n 's/.*"payload":{"name":"\([^"\\]*\)"}.*/\1/p')
    echo "$ref|$name"
  done >"$headers.work"
  while IFS='|' read -r ref name; do
    report "{\"type\":\"task-accepted\",$ref}"
    if [ -n "$name" ]; then
      report "{\"type\":\"task-done\",$ref,\"result\":{\"greeting\":\"Hello, $name\"}}"
    else
      report "{\"type\":\"task-failed\",$ref,\"kind\":\"refused\",\"message\":\"the payload has to be like {name}\"}"
    fi
  done <"$headers.work"
  rm -f "$headers.work"
done
