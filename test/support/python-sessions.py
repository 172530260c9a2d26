"""The sessions of Django (signed_cookies) and of Starlette, with the real middleware, for tests.

Each line of standard input is a request in JSON, each line of standard output its reply:

    {"app": "django", "config": {"SECRET_KEY": "…"}, "time": 1700000000, "cookie": "sessionid=…", "ops": [["clear"]]}
    {"status": 200, "lines": ["sessionid=…; …"], "session": {"t": "dict", "v": []}}

A value is described by the name of its type and what it holds: {"t": "int", "v": "5"}; a dict is a list of pairs in
order. The first line of the output has the versions. The argument `record django` or `record starlette` instead makes
it print the cookies that test/fixtures/*-vectors.json hold.
"""
import asyncio
import base64
import hashlib
import hmac
import json
import sys
import time
import zlib
from io import BytesIO

KINDS = {
    bool: ("bool", bool, bool),
    int: ("int", str, int),
    float: ("float", repr, float),
    str: ("str", str, str),
    list: ("list", lambda items: [describe(each) for each in items], lambda items: [build(each) for each in items]),
    dict: ("dict", lambda items: [[key, describe(each)] for key, each in items.items()],
           lambda pairs: {key: build(each) for key, each in pairs}),
}
BUILD = {name: value for name, _, value in KINDS.values()}


def describe(value):
    if value is None:
        return {"t": "null"}
    name, content, _ = KINDS[type(value)]
    return {"t": name, "v": content(value)}


def build(description):
    return None if description["t"] == "null" else BUILD[description["t"]](description["v"])


def nest(levels):
    value = 1
    for level in range(levels):
        value = [value] if level % 2 else {"a": value}
    return value


def act(session, ops):
    """What a handler does to a session, and what it then sees."""
    for name, *args in ops:
        if name == "update":
            session.update(build(args[0]))
        elif name == "pop":
            session.pop(args[0])
        elif name == "nest":
            session["nested"] = nest(args[0])
            return None
        elif name == "has":  # for what is too deep to be described
            return describe({} if args[0] not in session else {"deep": True})
        else:
            getattr(session, name)(*args)
    return describe(dict(session.items()))


try:
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse
    from django.urls import re_path

    DEFAULTS = {
        "SECRET_KEY": "-", "ROOT_URLCONF": __name__, "ALLOWED_HOSTS": ["*"], "USE_TZ": True,
        "SESSION_ENGINE": "django.contrib.sessions.backends.signed_cookies", "SESSION_COOKIE_AGE": 1209600,
        "SESSION_EXPIRE_AT_BROWSER_CLOSE": False, "SESSION_SAVE_EVERY_REQUEST": False, "SECRET_KEY_FALLBACKS": [],
        "MIDDLEWARE": ["django.contrib.sessions.middleware.SessionMiddleware"], "INSTALLED_APPS": [],
        "LOGGING_CONFIG": None,
        **({"DEFAULT_HASHING_ALGORITHM": "sha256"} if (3, 1) <= django.VERSION < (4,) else {}),
    }
    settings.configure(**DEFAULTS)
    django.setup()
    DJANGO = {"django": django.get_version(), "fallbacks": django.VERSION >= (4, 1)}

    def view(request):
        return HttpResponse(json.dumps(act(request.session, view.ops)))

    urlpatterns = [re_path("", view)]
    HANDLER = WSGIHandler()
except ImportError:
    DJANGO = {}

try:
    import starlette
    from starlette.middleware.sessions import SessionMiddleware
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    STARLETTE = {"starlette": starlette.__version__}
except ImportError:
    STARLETTE = {}


def ask_django(config, cookie, ops):
    for name, value in {**DEFAULTS, **config}.items():
        setattr(settings, name, value)
    view.ops = ops
    environ = {
        "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_NAME": "localhost", "SERVER_PORT": "80",
        "wsgi.url_scheme": "http", "wsgi.input": BytesIO(), "HTTP_COOKIE": cookie or "",
    }
    told = []
    body = b"".join(HANDLER(environ, lambda status, headers: told.extend([int(status[:3]), headers])))
    status, headers = told
    return status, [value for name, value in headers if name == "Set-Cookie"], body


def ask_starlette(config, cookie, ops):
    async def app(scope, receive, send):
        text = json.dumps(act(Request(scope).session, ops))
        await PlainTextResponse(text)(scope, receive, send)

    async def run():
        headers = [] if cookie is None else [(b"cookie", cookie.encode("latin-1"))]
        scope = {"type": "http", "method": "GET", "path": "/", "headers": headers, "query_string": b""}
        sent = []

        async def send(message):
            sent.append(message)
        await SessionMiddleware(app, **config)(scope, None, send)
        return sent

    start, *bodies = asyncio.run(run())
    lines = [value.decode() for name, value in start["headers"] if name == b"set-cookie"]
    return start["status"], lines, b"".join(each["body"] for each in bodies)


ASK = {"django": ask_django, "starlette": ask_starlette}


def answer(app, config, time=1700000000, cookie=None, ops=()):
    clock.now = time
    try:
        status, lines, body = ASK[app](config, cookie, ops)
    except Exception as error:  # what a server would answer with 500
        return {"status": 500, "lines": [], "session": None, "error": type(error).__name__}
    return {"status": status, "lines": lines, "session": json.loads(body) if status == 200 else None}


def clock():
    return float(clock.now)


# What is recorded: sessions that are written, and payloads that nobody writes, signed.

SECRET = "the secret of the recorded cookies, 0123456789"
SESSIONS = [
    {"user": 42},
    {"_auth_user_id": "1", "_auth_user_backend": "django.contrib.auth.backends.ModelBackend", "_auth_user_hash": "a" * 64},
    {"text": "\u00e9 \u65e5\u672c \U0001f600 \x7f\x00\x1f \"\\/ \ud800 \u2028 <>&"},
    {"numbers": [0, -1, 1.5, -0.0, 0.1, 1e16, 1e21, 1e-7, 2 ** 53, 10 ** 40, float("nan"), float("inf"), float("-inf")]},
    {"nested": {"a": [{}, [], None, True, False, {"": {"\u00e9": 1}}]}},
    {" d": "no tag", " di": {" t": [1]}, "__proto__": 1, "get": 2, "id": 3},
    {" t": [1, 2]},
    {"_permanent": True, "_began": "once", "_id": 5},
    {"long": "x" * 500, "list": list(range(100))},
]
TEXTS = {
    "an object with white space": b' {"a" : [1 ,2] }\n', "a key twice": b'{"a":1,"a":2}', "minus zero": b'{"a":-0}',
    "escapes": b'{"\\u0061":"\\/\\ud83d\\ude00\\ud800"}', "words": b'{"a":[NaN,Infinity,-Infinity]}',
    "large numbers": b'{"a":[1e400,9007199254740993,9007199254740993.0,1E5]}',
    "4300 digits": b'{"a":' + b"9" * 4300 + b"}", "4301 digits": b'{"a":' + b"9" * 4301 + b"}",
    "a list": b"[1]", "a number": b"5", "null": b"null", "no text": b"", "cut short": b'{"a":', "text behind": b'{}{}',
    "a control character": b'{"a":"\n"}', "a trailing comma": b'{"a":1,}', "single quotes": b"{'a':1}",
    "a leading zero": b'{"a":01}', "UTF-8": '{"a":"\u00e9"}'.encode(), "latin-1": '{"a":"\u00e9"}'.encode("latin-1"),
    "UTF-16": '{"a":1}'.encode("utf-16"), "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "900 levels": b'{"a":' + b"[" * 899 + b"]" * 899 + b"}", "901 levels": b'{"a":' + b"[" * 900 + b"]" * 900 + b"}",
    "2000 levels": b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}",
}


def encode(app, data):
    if app == "starlette":
        return base64.b64encode(data).decode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def sign(app, payload, stamp):
    """By hand, since neither signs what it does not write."""
    sep, salt, digest = (":", b"django.contrib.sessions.backends.signed_cookies", hashlib.sha256) if app == "django" \
        else (".", b"itsdangerous.Signer", hashlib.sha1)
    value = payload + sep + stamp
    mac = hmac.new(digest(salt + b"signer" + SECRET.encode()).digest(), value.encode(), digest).digest()
    return value + sep + base64.urlsafe_b64encode(mac).decode().rstrip("=")


def odd_cookies(app):
    """By what is particular: a payload and a time stamp that are signed, or a whole cookie."""
    good = "1r31eq" if app == "django" else "ZVPxAA"  # 1,700,000,000
    object_ = encode(app, b'{"a":1}')
    signed = {name: (encode(app, text), good) for name, text in TEXTS.items()}
    signed["no base64"] = ("#" + object_, good)
    signed["a stray character"] = (object_[:3] + "*" + object_[3:], good)
    signed["the other base64"] = (object_.rstrip("=") if app == "starlette" else object_ + "=", good)
    if app == "django":
        signed["compressed"] = ("." + encode(app, zlib.compress(b'{"a":1}')), good)
        signed["compressed badly"] = ("." + object_, good)
        signed["compressed and cut short"] = ("." + encode(app, zlib.compress(b'{"a":1}')[:-4]), good)
        signed["300 kB, compressed"] = ("." + encode(app, zlib.compress(b'{"a":"' + b"x" * 300000 + b'"}')), good)
        stamps = {"a zero ahead": "0" + good, "not base 62": good + "-", "none": "", "a minute ahead": "1r31fo",
                  "an hour ahead": "1r32Zu"}
    else:
        stamps = {"not base64": "ZVPx*A", "none": "", "a minute ahead": "ZVPxPA", "an hour ahead": "ZVP_EA"}
    signed.update({f"time stamp: {name}": (object_, stamp) for name, stamp in stamps.items()})
    cookies = {name: sign(app, *parts) for name, parts in signed.items()}
    whole = sign(app, object_, good)
    last = "B" if whole[-1] == "A" else "A"
    cookies.update({"changed": whole[:-2] + last + whole[-1], "not signed": object_, "empty": "", "emptied": "null"})
    cookies["another spelling of the signature"] = whole[:-1] + chr(ord(whole[-1]) + 1)
    return cookies


def record(app):
    name = {"django": "sessionid", "starlette": "session"}[app]
    config = {"SECRET_KEY": SECRET} if app == "django" else {"secret_key": SECRET}
    versions = {**DJANGO, **STARLETTE}
    written = []
    for session in SESSIONS:
        reply = answer(app, config, ops=[["update", describe(session)]])
        written.append({"session": describe(session), "line": reply["lines"][0]})
    read = []
    for title, value in odd_cookies(app).items():
        ops = [["has", "a"]] if title.endswith(("levels", "300 kB, compressed")) else []
        reply = answer(app, config, cookie=f"{name}={value}", ops=ops)
        read.append({"title": title, "cookie": value, "status": reply["status"], "session": reply["session"]})
    ages = []
    for age in (0, 1209599, 1209600, 1209601):
        cookie = written[0]["line"].split(";")[0]
        ages.append({"age": age, "session": answer(app, config, time=1700000000 + age, cookie=cookie)["session"]})
    cleared = answer(app, config, cookie=written[0]["line"].split(";")[0], ops=[["clear"]])["lines"]
    return {
        "version": versions[app], "secret": SECRET, "time": 1700000000,
        "written": written, "read": read, "ages": ages, "cleared": cleared,
    }


def laid_out(recorded):
    """Each case on a line of its own."""
    def text(value):
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return "[\n    " + ",\n    ".join(json.dumps(each) for each in value) + "\n  ]"
        return json.dumps(value)
    return "{\n  " + ",\n  ".join(f"{json.dumps(key)}: {text(value)}" for key, value in recorded.items()) + "\n}"


if __name__ == "__main__":
    time.time = clock
    if sys.argv[1:2] == ["record"]:
        print(laid_out(record(sys.argv[2])))
        sys.exit()
    print(json.dumps({**DJANGO, **STARLETTE}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(**json.loads(line))), flush=True)
