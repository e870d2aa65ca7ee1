#!/bin/sh
# The reading loop at its smallest: one request after another, and the cursor in a file.
#
#   examples/curl/loop.sh NICK CHANNEL        the server: $NEOIRC, else http://127.0.0.1:8080
#
# Cookie and cursor stay in $NEOIRC_STATE, else in the current folder: the next run goes on where this one was
# stopped. listen.sh is the same with everything that can go wrong.
set -eu
umask 077 # The cookie is the session: nobody else may read it.

api=${NEOIRC:-http://127.0.0.1:8080}/api/v1
cd "${NEOIRC_STATE:-.}"

if [ ! -s cookie ]; then
    curl -sSf -c cookie -o /dev/null "$api/session" -d "{\"nick\":\"$1\"}"
    curl -sSf -b cookie -o /dev/null "$api/messages" -d "{\"command\":\"JOIN\",\"to\":\"$2\"}"
    echo 0 >cursor
fi
while :; do
    # Waits up to 30 s for something to read. --retry goes on through a restart of the server.
    page=$(curl -sSf --retry 30 --retry-connrefused -b cookie "$api/messages?after=$(cat cursor)&timeout=30")
    # What somebody says must not steer the terminal: its control characters are not printed.
    printf '%s' "$page" | jq -r '.messages[] | select(.command == "PRIVMSG")
        | "<\(.from)> \(.body | if type == "array" then .[] else . end)" | gsub("[\u0000-\u001f\u007f-\u009f]"; "?")'
    # After printing: should this be killed in between, the page comes again rather than never.
    printf '%s' "$page" | jq .last_id >cursor.new
    mv cursor.new cursor
done
