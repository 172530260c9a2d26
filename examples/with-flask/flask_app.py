"""The Flask side: signs people in, and shows who is signed in and what was ordered on the other side."""
import logging
import os
from datetime import datetime, timezone

from flask import Flask, flash, redirect, render_template, request, session
from werkzeug.serving import make_server

app = Flask(__name__)
app.secret_key = os.environ["SECRET_KEY"]
app.config["SESSION_COOKIE_SAMESITE"] = "Lax"  # as on the other side


@app.get("/")
def home():
    return redirect("/account")


@app.get("/login")
def login_page():
    return render_template("page.html", title="Sign in")


@app.post("/login")
def login():
    name = request.form.get("name", "").strip()[:60]
    if not name:
        flash("A name is needed.")
        return redirect("/login", 303)
    session["user"] = name
    session["login"] = ("login form", datetime.now(timezone.utc))
    flash(f"Flask says: welcome, {name}.")
    return redirect("/cart", 303)


@app.get("/account")
def account():
    if "user" not in session:
        return redirect("/login")
    return render_template("page.html", title="Account")


@app.post("/logout")
def logout():
    session.clear()
    return redirect("/login", 303)


@app.after_request
def add_policy(response):
    response.headers["Content-Security-Policy"] = "default-src 'self'; img-src data:; frame-ancestors 'none'"
    return response


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(f"http://127.0.0.1:{server.port}", flush=True)  # start.js waits for it
    server.serve_forever()
