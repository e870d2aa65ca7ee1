#!/bin/sh
# Opens a session, joins a channel, says hello, and reads once: the whole interface in five requests.
#
#   examples/curl/hello.sh [NICK [CHANNEL]]        the server: $NEOIRC, else http://127.0.0.1:8080
set -eu

api=${NEOIRC:-http://127.0.0.1:8080}/api/v1
nick=${1:-hello$$}
channel=${2:-#neoirc}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
jar=$folder/cookies

# -f: a transport error (4xx, 5xx) ends the script. What IRC refuses is a 200 with "status":"error".
post() { curl -sSf -b "$jar" "$api/messages" -d "$1"; echo; }

# The cookie that comes back is the session; curl keeps it in the jar.
curl -sSf -c "$jar" "$api/session" -d "{\"nick\":\"$nick\"}"
echo
post "{\"command\":\"JOIN\",\"to\":\"$channel\"}"
post "{\"command\":\"PRIVMSG\",\"to\":\"$channel\",\"body\":[\"Hello from curl!\"]}"

# after=0 is everything from the beginning: the welcome, one's own JOIN, what was said.
curl -sSf -b "$jar" "$api/messages?after=0&timeout=0" |
    jq -r '.messages[] | [.command, .from, .to, (.params // [])[], .body[0]?] | map(select(. != "")) | join(" ")
        | gsub("[\u0000-\u001f\u007f-\u009f]"; "?")' # What others say must not steer the terminal.

post '{"command":"QUIT","body":["bye"]}'
