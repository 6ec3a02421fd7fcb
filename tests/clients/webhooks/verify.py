"""Verifies messages with the library of Standard Webhooks for Python: a JSON line each, `secret`,
`headers`, `body`. Each must be what its secret signed, and nothing else."""

import json
import sys

from standardwebhooks import Webhook, WebhookVerificationError

count = 0
for line in sys.stdin:
    message = json.loads(line)
    verifier = Webhook(message["secret"])
    verifier.verify(message["body"], message["headers"])
    try:
        verifier.verify(message["body"] + " ", message["headers"])
    except WebhookVerificationError:
        count += 1
    else:
        sys.exit("an altered message was taken")
print(count)
