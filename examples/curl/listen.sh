#!/bin/sh
# Prints what a channel says for as long as it runs: the reading loop, with its cursor in a file.
#
#   examples/curl/listen.sh [NICK [CHANNEL]]       the server: $NEOIRC, else http://127.0.0.1:8080
#
# Cookie and cursor stay in $NEOIRC_STATE (else ~/.local/state/neoirc/NICK), so that the next run goes on where
# this one was stopped. The session stays too: nothing said meanwhile is lost.
set -eu

api=${NEOIRC:-http://127.0.0.1:8080}/api/v1
nick=${1:-listener}
channel=${2:-#neoirc}
state=${NEOIRC_STATE:-${XDG_STATE_HOME:-$HOME/.local/state}/neoirc/$nick}
cookie=$state/cookie cursor=$state/cursor answer=$state/answer head=$state/head

umask 077 # The cookie is the session: nobody else may read it.
mkdir -p "$state"

# Leaves headers and body in $head and $answer, and the status in $status; 000 when there was no answer at all.
request() {
    status=$(curl -sS --max-time 45 -D "$head" -o "$answer" -w '%{http_code}' "$@") || status=000
}

json() { jq -nc --arg nick "$nick" --arg channel "$channel" "$1"; }

open_session() {
    request -c "$cookie.new" -d "$(json '{$nick}')" "$api/session"
    if [ "$status" = 201 ]; then
        echo 0 >"$cursor"
        mv "$cookie.new" "$cookie"
        joined=no
    fi
}

# Joining where one is already does nothing, so it is safe to ask on every start.
join_channel() {
    request -b "$cookie" -d "$(json '{command: "JOIN", to: $channel}')" "$api/messages"
    if [ "$status" = 200 ]; then joined=yes; fi
}

# Waits up to 30 s for what comes after the cursor, which also tells the server that the rest has been read.
read_on() {
    request -b "$cookie" "$api/messages?after=$(cat "$cursor")&timeout=30"
    if [ "$status" = 200 ]; then
        # A body is lines or, from programs, an object, which is shown as JSON. What somebody says must not steer the
        # terminal: its control characters are not printed.
        jq -r '.messages[] | select(.command | test("^([A-Z]|[45])"))
            | [(.params // [])[], (.body // [] | if type == "array" then .[] else . end)] as $words
            | "\(.ts[11:19]) \(.command) <\(.from)> \($words | map(tostring) | join(" "))"
            | gsub("[\u0000-\u001f\u007f-\u009f]"; "?")' "$answer"
        # After printing: should this be killed in between, the page comes again rather than never.
        jq .last_id "$answer" >"$cursor.new"
        mv "$cursor.new" "$cursor"
    fi
}

joined=no
pause=1
while :; do
    if [ ! -s "$cookie" ]; then
        open_session
    elif [ "$joined" = no ]; then
        join_channel
    else
        read_on
    fi
    case $status in
    2??) pause=1 ;;
    429) # Too often: the server says for how many seconds it wants to hear nothing.
        seconds=$(sed -n 's/^[Rr]etry-[Aa]fter: *\([0-9][0-9]*\).*/\1/p' "$head")
        echo "listen.sh: asked too often, trying again in ${seconds:-$pause} s" >&2
        sleep "${seconds:-$pause}"
        ;;
    401) rm -f "$cookie" ;; # The session has ended: open a new one.
    4??)
        echo "listen.sh: $status $(jq -r .error "$answer")" >&2
        exit 1
        ;;
    *) # No network, a restart, a full disk (503): the same again, a little later each time.
        echo "listen.sh: no answer ($status), trying again in $pause s" >&2
        sleep "$pause"
        pause=$((pause < 16 ? pause * 2 : 30))
        ;;
    esac
done
