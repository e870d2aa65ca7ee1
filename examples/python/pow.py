#!/usr/bin/env python3
"""Computes a stamp of hashcash, which a session or a message to a channel under +H costs. Standard library only.

    python3 pow.py RESOURCE BITS [LINE ...]

RESOURCE is the name of the server for a session, as `GET /api/v1/server` tells it, or the channel for a message,
whose lines then follow. The stamp goes into `pow_token`, or into `meta.hashcash`.
"""

import hashlib
import json
import secrets
import sys
import time


def mint(resource, bits, lines=None):
    """A stamp for a session, or for a message with these lines to a channel. Takes 2**bits attempts on average."""
    body = hash_of(lines) if lines else ""
    date = time.strftime("%y%m%d", time.gmtime())
    front = f"1:{bits}:{date}:{resource}:{body}:"
    begun = hashlib.sha256(front.encode())
    # Counting begins at random: the same stamp as somebody else's would be spent by whoever comes first.
    counter = secrets.randbelow(10**14)
    while True:
        sha256 = begun.copy()
        sha256.update(str(counter).encode())
        # The first bits of the hash are zero when nothing is left of it but what fits behind them.
        if int.from_bytes(sha256.digest(), "big") >> (256 - bits) == 0:
            return f"{front}{counter}"
        counter += 1


def hash_of(lines):
    """The SHA-256 of a body of lines in its canonical form (RFC 8785), which for strings is JSON without blanks."""
    canonical = json.dumps(list(lines), ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


if __name__ == "__main__":
    if len(sys.argv) < 3 or not sys.argv[2].isdigit():
        sys.exit(__doc__)
    print(mint(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))
