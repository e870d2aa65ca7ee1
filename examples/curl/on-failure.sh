#!/bin/sh
# Runs a command, and tells a channel when it fails: for cron.
#
#   17 3 * * *  on-failure.sh '#ops' /usr/local/bin/backup --all
#
# The server is $NEOIRC, else http://127.0.0.1:8080. A session is opened for what is to be said and closed behind it,
# so nothing has to be kept. The exit status is that of the command.
set -u

api=${NEOIRC:-http://127.0.0.1:8080}/api/v1
channel=$1
shift

log=$(mktemp) jar=$(mktemp)
trap 'rm -f "$log" "$jar"' EXIT
status=0
"$@" >"$log" 2>&1 || status=$?
[ "$status" = 0 ] && exit 0

# jq makes JSON of whatever the command has printed: its last ten lines, none of them too long. They are cut by bytes as
# JSON, since the server takes 4,096 of these; no line of a message may have a NUL or a line break in it.
report=$(tail -n 10 "$log" | tr -d '\000\r' |
    jq -Rsc --arg channel "$channel" --arg what "$(hostname): $*" --arg status "$status" '
        def cut($bytes): .[:$bytes] | until((tojson | utf8bytelength) <= $bytes; .[:-1]);
        ($what | gsub("[\r\n]"; " ") | cut(500)) as $what
        | {command: "NOTICE", to: $channel,
           body: ["\($what) failed with \($status)", (split("\n")[] | select(. != "") | cut(300))]}')
post() { curl -sSf --retry 5 --retry-connrefused -b "$jar" -o /dev/null "$api/messages" -d "$1"; }

# The answer; where a session costs proof of work, the demand for it.
open() { curl -sS --retry 5 --retry-connrefused -c "$jar" "$api/session" -d "{\"nick\":\"cron$$\",\"pow_token\":\"$1\"}"; }

answer=$(open '')
demand=$(printf '%s' "$answer" | jq -r '.hashcash // empty | "\(.resource) \(.bits)"')
if [ -n "$demand" ]; then
    # The two words of the demand are two arguments.
    # shellcheck disable=SC2086
    answer=$(open "$(python3 "$(dirname "$0")/../python/pow.py" $demand)")
fi
printf '%s' "$answer" | jq -e .nick >/dev/null &&
    post "$(jq -nc --arg channel "$channel" '{command: "JOIN", to: $channel}')" &&
    post "$report" &&
    post '{"command":"QUIT"}'
exit "$status"
