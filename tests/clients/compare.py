"""What the clients were told has to be the same: python compare.py RESULT...; each names the client."""

import json
import os
import sys

results = {os.path.basename(name).removesuffix(".json"): json.load(open(name)) for name in sys.argv[1:]}
wrong = 0
first, told = next(iter(results.items()))
for key in ("me", "apps", "before", "after", "cleared", "changed", "pivot", "stack"):
    for client, other in results.items():
        if key not in other or other[key] != told[key]:
            wrong += 1
            print(f"{key}: {client} was told {other.get(key)!r}, {first} {told[key]!r}")
for client, other in results.items():
    # qlik-sdk knows no delta.
    for key in ("resumed",) if client == "sdk" else ("deltaEqual", "resumed"):
        if other.get(key) is not True:
            wrong += 1
            print(f"{key}: not with {client}")
    if other.get("pages") not in (None, 3):
        wrong += 1
        print(f"pages: {client} read {other['pages']}, not 3")
if not told["changed"] or told["before"] == told["after"] or told["before"] != told["cleared"]:
    wrong += 1
    print(f"selecting made no difference: {told['before']!r}, {told['after']!r}")
print(f"{len(results)} clients ({', '.join(results)}): {wrong} differences")
sys.exit(1 if wrong else 0)
