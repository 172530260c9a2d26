"""Flask applications that change the session as they are asked to and describe what it holds.

The only argument is a JSON list of configurations. For each one an application is served on a free port of 127.0.0.1;
the ports are printed as a JSON list, in order. The process ends with its standard input.

A value is described by the name of its type and what it holds: {"t": "int", "v": "5"}. A dict is a list of pairs,
sorted by key.
"""
import base64
import datetime
import json
import logging
import sys
import threading
import uuid

from flask import Flask, flash, get_flashed_messages, request, session
from flask.sessions import SecureCookieSessionInterface
from markupsafe import Markup
from werkzeug.serving import make_server


def describe_list(values):
    return [describe(value) for value in values]


def build_list(descriptions):
    return [build(description) for description in descriptions]


def describe_dict(values):
    return [[key, describe(values[key])] for key in sorted(values)]


def build_dict(pairs):
    return {key: build(description) for key, description in pairs}


# A type, its name, what a description says of a value, and the value for what it says.
KINDS = [
    (bool, "bool", bool, bool),
    (int, "int", str, int),
    (float, "float", repr, float),
    (str, "str", str, str),
    (bytes, "bytes", lambda value: base64.b64encode(value).decode(), base64.b64decode),
    (uuid.UUID, "uuid", str, uuid.UUID),
    (Markup, "markup", str, Markup),
    (datetime.datetime, "datetime", datetime.datetime.isoformat, datetime.datetime.fromisoformat),
    (list, "list", describe_list, build_list),
    (tuple, "tuple", describe_list, lambda items: tuple(build_list(items))),
    (dict, "dict", describe_dict, build_dict),
]
DESCRIBE = {type_: (name, content) for type_, name, content, _ in KINDS}
BUILD = {name: value for _, name, _, value in KINDS}


def describe(value):
    if value is None:
        return {"t": "null"}
    name, content = DESCRIBE[type(value)]
    return {"t": name, "v": content(value)}


def build(description):
    return None if description["t"] == "null" else BUILD[description["t"]](description["v"])


class Sessions(SecureCookieSessionInterface):
    """Flask's own, with SECRET_KEY_FALLBACKS where Flask is older than 3.1, and a salt that can be configured."""

    def __init__(self, config):
        self.salt = config.get("SESSION_SALT", self.salt)

    def get_signing_serializer(self, app):
        serializer = super().get_signing_serializer(app)
        if "SECRET_KEY_FALLBACKS" not in Flask.default_config:
            fallbacks = app.config.get("SECRET_KEY_FALLBACKS", [])
            serializer.secret_keys[:0] = [key.encode() for key in fallbacks]
        return serializer


def report(**more):
    return {"session": describe(dict(session)), "permanent": session.permanent, **more}


# What holds one value, and the one that a holder holds.
HOLDERS = {"list": lambda value: [value], "dict": lambda value: {"a": value}, "tuple": lambda value: (value,)}


def nest(kinds, levels):
    value = 1
    for level in range(levels):
        value = HOLDERS[kinds[level % len(kinds)]](value)
    return value


def depth(value):
    levels = 0
    while value != 1:
        value = next(iter(value.values() if isinstance(value, dict) else value))
        levels += 1
    return levels


def create_app(config):
    app = Flask(__name__)
    app.config.update(config)
    app.config["MAX_COOKIE_SIZE"] = 0  # no warnings of large cookies
    app.session_interface = Sessions(app.config)
    app.logger.addFilter(lambda record: record.exc_info is None or record.exc_info[0] is not RecursionError)

    @app.get("/")
    def read():
        return report()

    @app.post("/update")
    def update():
        session.update(build(request.get_json()))
        return report()

    @app.post("/rewrite")
    def rewrite():
        session.modified = True
        return report()

    @app.post("/clear")
    def clear():
        session.clear()
        return report()

    @app.post("/permanent")
    def permanent():
        session.permanent = request.get_json()
        return report()

    @app.post("/nest")
    def make_nested():
        session["nested"] = nest(*request.get_json())
        return {}

    @app.post("/depth")
    def tell_depth():
        return {"depth": depth(session["nested"])}

    @app.post("/flash")
    def flash_message():
        flash(*request.get_json())
        return report()

    @app.post("/flashed")
    def flashed():
        return report(flashed=describe(get_flashed_messages(with_categories=True)))

    return app


def serve(config):
    server = make_server("127.0.0.1", 0, create_app(config), threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.server_port


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    print(json.dumps([serve(config) for config in json.loads(sys.argv[1])]), flush=True)
    sys.stdin.read()
