#!/bin/sh
# POSTs each message of a channel to an address, as JSON: a webhook.
#
#   examples/webhook/forward.sh '#tea' http://127.0.0.1:9000/        the server: $NEOIRC_SERVER
#
# `neoirc tail` goes on where it was stopped, so nothing is left out while this does not run.
set -eu

channel=$1
HOOK=$2
export HOOK NEOIRC_NICK="${NEOIRC_NICK:-webhook}" NEOIRC_PROFILE="${NEOIRC_PROFILE:-webhook}"

neoirc join "$channel"
# The message comes on standard input; nothing of it becomes part of the command.
exec neoirc tail "$channel" --exec \
    'curl -sSf --retry 5 --retry-connrefused -H "Content-Type: application/json" --data-binary @- "$HOOK"'
