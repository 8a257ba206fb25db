"""runs/ -> a page in the browser: `./run.sh play [DIR] [--port N]`.

    GET  /            the page
    GET  /players     [{"name", "kind", "classes", "synthetic"}, ...], the newest run first
    POST /guess/NAME  strokes as JSON or the contents of a picture file -> [{"word", "share"}, ...], the best first

A mistake is answered with 400 and {"error": "..."}; what this machine's own browser did not ask for itself, with 403.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import flask
from werkzeug.exceptions import InternalServerError, RequestEntityTooLarge
from werkzeug.serving import make_server

from paddle_course import runtime
from paddle_course.runtime import ROOT, UserError

HOST = "127.0.0.1"  # nobody else's business
LARGEST = 20 << 20  # bytes of a picture
# Nothing is loaded from anywhere else, and no other page may show this one.
POLICY = "default-src 'self'; img-src 'self' blob: data:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def application(directory: Path) -> flask.Flask:
    """The page and what it asks. The runs are looked for anew with every list, so that a new one needs no new start."""
    from paddle_course.play import player  # only now: it imports Paddle

    app = flask.Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST
    known: dict[str, player.Player] = {}

    @app.before_request
    def of_this_page() -> tuple[flask.Response, int] | None:
        """Another page in the same browser may ask neither under a name of its own (DNS rebinding) nor from outside."""
        asked = flask.request
        here, origin = urlsplit(f"//{asked.host}").hostname, asked.headers.get("Origin")
        if here in (HOST, "localhost") and origin in (None, f"http://{asked.host}"):
            return None
        return flask.jsonify({"error": f"only the page at http://{HOST} is answered"}), 403

    @app.get("/")
    def page() -> flask.Response:
        return app.send_static_file("page.html")

    @app.get("/players")
    def players() -> flask.Response:
        nonlocal known  # and replaced as a whole: other threads look into it meanwhile
        found = player.players(directory)
        # Whoever is the same as before keeps the network that is built already.
        known = found = {name: old if (old := known.get(name)) == new else new for name, new in found.items()}
        return flask.jsonify([each.described() for each in found.values()])

    @app.post("/guess/<path:name>")
    def guess(name: str) -> flask.Response:
        if (chosen := known.get(name)) is None:
            raise UserError(f"there is no run {name} (any more); load the page anew")
        asked = flask.request
        if asked.is_json:
            found = chosen.of_strokes(player.strokes_of(asked.get_json(silent=True)))
        else:
            found = chosen.of_picture(asked.get_data())
        return flask.jsonify([each._asdict() for each in found])

    @app.errorhandler(UserError)
    def mistaken(error: UserError) -> tuple[flask.Response, int]:
        return flask.jsonify({"error": str(error)}), 400

    @app.errorhandler(RequestEntityTooLarge)
    def too_large(_: RequestEntityTooLarge) -> tuple[flask.Response, int]:
        return flask.jsonify({"error": f"the file is larger than {LARGEST >> 20} MB"}), 413

    @app.errorhandler(InternalServerError)
    def broken(_: InternalServerError) -> tuple[flask.Response, int]:
        return flask.jsonify({"error": "this run cannot be used; where ./run.sh play was started stands why"}), 500

    @app.after_request
    def guarded(response: flask.Response) -> flask.Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-store"
        return response

    return app


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="./run.sh play", description="Draw, or drop a picture: the networks guess.")
    parser.add_argument("directory", nargs="?", type=Path, default=ROOT / "runs", help="default: runs/")
    parser.add_argument("--port", type=int, default=8050, help="default: 8050")
    given = parser.parse_args(argv)
    runtime.start()
    from paddle_course.play import player

    if not player.players(given.directory):
        raise UserError(
            f"{given.directory} holds no finished training that can be played with: run ./run.sh (digits), "
            "./run.sh hw10 --question 4 (doodles) or ./run.sh hw08 --question 1 (photos) first"
        )
    runtime.check_port(given.port)
    server = make_server(HOST, given.port, application(given.directory), threaded=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # not a line for every stroke
    print(f"play: http://{HOST}:{server.server_port}/   (Ctrl-C ends it)", file=sys.stderr)
    server.serve_forever()


if __name__ == "__main__":
    sys.exit(runtime.run(main, "the same command serves the page again"))
