"""Throws requests made from an API description at a server of its own: none may answer 500.

    fuzz.py --server PATH [--description FILE] [--examples N] [--seed N]

Without --description one is made from the ledger: every operation that this server claims, ids of things that exist, and
bodies of any shape. Upstream publishes a fuller one, which is theirs and not kept here. Needs `schemathesis` beside the
Python that runs this. Everything is on loopback, in a folder that is removed.
"""
import argparse
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).parent
# They end the session that all requests use, or take its rights.
LEFT_OUT = ["/users/logout", "/users/{user_id}/sessions/revoke", "/users/{user_id}/sessions/revoke/all",
            "/users/sessions/revoke/all", "/users/{user_id}/active", "/users/{user_id}/roles", "/users/{user_id}/password",
            "/users/{user_id}/demote", "/users/{user_id}/convert_to_bot", "/users/{user_id}/auth", "/users/{user_id}",
            "/websocket", "/users/{user_id}/mfa"]


def description():
    """An OpenAPI description of what the ledger claims."""
    paths = {}
    for line in (HERE / "ledger.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["state"].startswith("absent") or row.get("outside"):
            continue
        names = [part.split("}")[0] for part in row["path"].split("{")[1:]]
        operation = {
            "parameters": [{"name": n, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}} for n in names],
            "responses": {"default": {"description": "any"}},
        }
        if row["method"] in ("POST", "PUT", "PATCH"):
            body = {"oneOf": [{"type": "object"}, {"type": "array", "items": {"type": "string"}}]}
            operation["requestBody"] = {"content": {"application/json": {"schema": body}}}
        paths.setdefault(row["path"], {})[row["method"].lower()] = operation
    return {"openapi": "3.0.3", "info": {"title": "ledger", "version": "1"}, "paths": paths}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Site:
    """A running server and an administrator's session."""

    def __init__(self, server, folder):
        port = free_port()
        self.url, self.token = f"http://127.0.0.1:{port}", ""
        self.log = pathlib.Path(folder, "log")
        command = [server, "--listen-address", f"127.0.0.1:{port}", "--data-dir", folder,
                   "--agents.enabled=false", "--translations.enabled=false"]
        self.process = subprocess.Popen(command, stdout=self.log.open("w"), stderr=subprocess.STDOUT)
        deadline = time.time() + 30
        while True:
            try:
                urllib.request.urlopen(self.url + "/readyz", timeout=2)
                return
            except OSError:
                if time.time() > deadline or self.process.poll() is not None:
                    sys.exit("the server did not start:\n" + self.log.read_text())
                time.sleep(0.1)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + "/api/v4" + path, data, {"Content-Type": "application/json"}, method=method)
        if self.token:
            request.add_header("Authorization", "Bearer " + self.token)
        with urllib.request.urlopen(request, timeout=30) as answer:
            self.token = answer.headers.get("Token") or self.token
            return json.load(answer)

    def fill(self):
        """Ids of things that exist, by the names that paths and bodies use for them."""
        person = {"username": "admin", "email": "admin@example.test", "password": "Correct-horse-1"}
        admin = self.call("POST", "/users", person)
        self.call("POST", "/users/login", {"login_id": "admin", "password": person["password"]})
        other = self.call("POST", "/users", {"username": "ana", "email": "ana@example.test", "password": "Correct-horse-1"})
        team = self.call("POST", "/teams", {"name": "team", "display_name": "Team", "type": "O"})
        self.call("POST", f"/teams/{team['id']}/members", {"team_id": team["id"], "user_id": other["id"]})
        channel = self.call("POST", "/channels", {"team_id": team["id"], "name": "room", "display_name": "Room", "type": "O"})
        post = self.call("POST", "/posts", {"channel_id": channel["id"], "message": "hello #world"})
        return {"user_id": admin["id"], "team_id": team["id"], "channel_id": channel["id"], "post_id": post["id"],
                "root_id": post["id"], "other_user_id": other["id"], "thread_id": post["id"], "team_name": "team",
                "channel_name": "room", "username": "ana", "role_name": "system_user"}


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--server", required=True)
    options.add_argument("--description")
    options.add_argument("--examples", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Site(chosen.server, folder)
        try:
            ids = site.fill()
            path, base = chosen.description, "/api/v4"
            if path:
                # Upstream's description has the whole paths.
                base = "" if "/api/v4/users" in pathlib.Path(path).read_text() else base
            else:
                path = str(pathlib.Path(folder, "description.json"))
                pathlib.Path(path).write_text(json.dumps(description()))
            command = [str(pathlib.Path(sys.executable).parent / "st"), "run", path, "--url", site.url + base,
                       "--header", f"Authorization: Bearer {site.token}", "--checks", "no_crash", "--phases", "fuzzing",
                       "--max-examples", str(chosen.examples), "--seed", str(chosen.seed), "--continue-on-failure",
                       "--generation-database", "none", "--suppress-health-check", "all"]
            for left_out in LEFT_OUT:
                command += ["--exclude-path", left_out if base else "/api/v4" + left_out]
            environment = {**os.environ, "SCHEMATHESIS_HOOKS": "fuzz_hooks", "PYTHONPATH": str(HERE), "MUSTER_FUZZ_IDS": json.dumps(ids)}
            done = subprocess.run(command, env=environment, cwd=folder)
            if done.returncode:
                faults = [line for line in site.log.read_text().splitlines() if "ERROR" in line or "panicked" in line]
                print("\n".join(faults[:40]))
            alive = site.process.poll() is None
            sys.exit(done.returncode if alive else "the server ended")
        finally:
            site.process.terminate()
            site.process.wait()


if __name__ == "__main__":
    main()
