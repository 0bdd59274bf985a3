"""A bot of mmpy_bot answers in a channel, and to a button by its own web server: mmpy_bot_check.py SITE_URL"""
import asyncio
import json
import os
import re
import socket
import threading
import time
import sys
import urllib.request

from mmpy_bot import ActionEvent, Bot, Message, Plugin, Settings, listen_to, listen_webhook

site = sys.argv[1]
who = f"mm{int(time.time() * 1000):x}"
checks = 0


def call(method, path, body=None, token=None):
    """One request as a person's client makes it."""
    request = urllib.request.Request(f"{site}/api/v4{path}", method=method, data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.loads(answer.read()), answer.headers


def until(what, check):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = check()
        if found:
            global checks
            checks += 1
            return found
        time.sleep(0.1)
    raise SystemExit(f"timed out waiting for {what}")


admin = os.environ["ADMIN_TOKEN"]
account = {"email": f"{who}@site.example", "username": who, "password": "Correct-horse-9"}
call("POST", "/users", account)
me, headers = call("POST", "/users/login", {"login_id": who, "password": account["password"]})
token = headers["Token"]
team, _ = call("POST", "/teams", {"name": who, "display_name": "Bots", "type": "O"}, token)
channel, _ = call("POST", "/channels", {"team_id": team["id"], "name": "ops", "display_name": "Ops", "type": "O"}, token)
bot, _ = call("POST", "/bots", {"username": f"{who}-bot", "display_name": "Bot"}, admin)
key, _ = call("POST", f"/users/{bot['user_id']}/tokens", {"description": "mmpy_bot"}, admin)
call("POST", f"/teams/{team['id']}/members", {"team_id": team["id"], "user_id": bot["user_id"]}, token)
call("POST", f"/channels/{channel['id']}/members", {"user_id": bot["user_id"]}, token)

with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]


class Ops(Plugin):
    @listen_to("^ping", re.IGNORECASE)
    async def ping(self, message: Message):
        self.driver.reply_to(message, "pong")

    @listen_to("^deploy (.*)$", needs_mention=True)
    async def deploy(self, message: Message, version: str):
        button = {"id": "yes", "name": "Yes", "integration": {"url": f"http://127.0.0.1:{port}/hooks/deploy", "context": {"version": version}}}
        self.driver.reply_to(message, f"Deploy {version}?", props={"attachments": [{"text": "Sure?", "actions": [button]}]})
        self.driver.react_to(message, "eyes")

    @listen_webhook("deploy")
    async def pressed(self, event: ActionEvent):
        self.driver.respond_to_web(event, {"update": {"message": f"Deployed {event.context['version']} for {event.user_name}", "props": {}}})


def run():
    # The loop must be the thread's own: the bot schedules its web server's queue on it.
    asyncio.set_event_loop(asyncio.new_event_loop())
    settings = Settings(
        MATTERMOST_URL=site.rsplit(":", 1)[0],
        MATTERMOST_PORT=int(site.rsplit(":", 1)[1]),
        BOT_TOKEN=key["token"],
        BOT_TEAM=who,
        WEBHOOK_HOST_ENABLED=True,
        WEBHOOK_HOST_URL="http://127.0.0.1",
        WEBHOOK_HOST_PORT=port,
    )
    Bot(settings=settings, plugins=[Ops()]).run()


threading.Thread(target=run, daemon=True).start()


def posts():
    page, _ = call("GET", f"/channels/{channel['id']}/posts", token=token)
    return page["posts"].values()


def said(text):
    return next((p for p in posts() if p["message"] == text and p["user_id"] == bot["user_id"]), None)


def listening():
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def ask(text, answer):
    """Says it until the bot, which may still be connecting, has answered."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        asked, _ = call("POST", "/posts", {"channel_id": channel["id"], "message": text}, token)
        for _ in range(20):
            if found := said(answer):
                return asked, found
            time.sleep(0.1)
    raise SystemExit(f"the bot did not answer {text!r}")


until("the bot's web server", listening)
asked, answer = ask("ping", "pong")
assert answer["root_id"], "the answer is in a thread"
asked, question = ask(f"@{who}-bot deploy v2", "Deploy v2?")
action = question["props"]["attachments"][0]["actions"][0]
assert "integration" not in action, action
until("the reaction", lambda: call("GET", f"/posts/{asked['id']}/reactions", token=token)[0])
call("POST", f"/posts/{question['id']}/actions/{action['id']}", {}, token)
changed, _ = call("GET", f"/posts/{question['id']}", token=token)
assert changed["message"] == f"Deployed v2 for {who}", changed
assert not changed["props"].get("attachments"), changed
print(f"{checks + 4} passed, 0 failed")
sys.stdout.flush()
os._exit(0)  # The bot's threads have no end of their own.
