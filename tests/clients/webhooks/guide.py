

# What follows is of the tests: a JSON line each, `secret`, `headers`, `body`.
import json
import sys

count = 0
for line in sys.stdin:
    message = json.loads(line)
    corps, entetes, secret = message["body"], message["headers"], message["secret"]
    if not est_authentique(corps, entetes, secret):
        sys.exit("a message was refused")
    if est_authentique(corps + " ", entetes, secret):
        sys.exit("an altered message was taken")
    count += 1
print(count)
