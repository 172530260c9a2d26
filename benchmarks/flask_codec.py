"""Times the session serializer of Flask as it is installed, beside a process that tells it when.

Each line of standard input is a request as JSON, and each gets one line of JSON. `load` names a cookie that Flask then
holds; `run` tells what to do with the named cookie or its value and how often, and is answered with the nanoseconds of
processor time that it took each time.
"""
import json
import sys
import time

import flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from itsdangerous.encoding import base64_encode


class Uncompressed(URLSafeTimedSerializer):
    """Never tries zlib."""

    def dump_payload(self, obj):
        return base64_encode(self.serializer.dumps(obj, **self.serializer_kwargs))


app = flask.Flask(__name__)
app.secret_key = sys.argv[1]
compressed = SecureCookieSessionInterface().get_signing_serializer(app)
uncompressed = SecureCookieSessionInterface().get_signing_serializer(app)
uncompressed.__class__ = Uncompressed
serializers = {"compressed": compressed, "uncompressed": uncompressed}
cookies = {}
values = {}


def load(name, cookie):
    values[name] = compressed.loads(cookie)
    cookies["compressed", name] = compressed.dumps(values[name])
    cookies["uncompressed", name] = uncompressed.dumps(values[name])
    return {"compressed": cookies["compressed", name], "uncompressed": cookies["uncompressed", name]}


def run(kind, direction, names, times):
    serializer = serializers[kind]
    if direction == "dumps":
        work, inputs = serializer.dumps, [values[name] for name in names]
    else:
        work, inputs = lambda cookie: serializer.loads(cookie, max_age=3600), [cookies[kind, name] for name in names]
    before = time.process_time_ns()
    for index in range(times):
        work(inputs[index % len(inputs)])
    return (time.process_time_ns() - before) / times


print(json.dumps({"flask": flask.__version__, "python": sys.version.split()[0]}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    if "load" in request:
        answer = load(**request["load"])
    else:
        answer = run(**request["run"])
    print(json.dumps(answer), flush=True)
