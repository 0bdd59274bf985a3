"""A day's work of an administrator's scripts on the old Python driver, and a build server that posts with matterhook:
mattermostdriver_check.py SITE_URL"""
import sys
import time
from urllib.parse import urlparse

from matterhook import Webhook
from matterhook.incoming import HTTPError
from mattermostdriver import Driver
from mattermostdriver.exceptions import ResourceNotFound

site = sys.argv[1]
url = urlparse(site)
who = f"md{int(time.time() * 1000):x}"
options = {"url": url.hostname, "port": url.port, "scheme": url.scheme, "login_id": who, "password": "Correct-horse-9"}
driver = Driver(options)
driver.users.create_user(options={"email": f"{who}@site.example", "username": who, "password": options["password"]})
driver.login()
me = driver.users.get_user("me")
assert me["username"] == who, me
team = driver.teams.create_team(options={"name": who, "display_name": "Driver", "type": "O"})
assert driver.teams.get_team_by_name(who)["id"] == team["id"]
channel = driver.channels.create_channel(options={"team_id": team["id"], "name": "builds", "display_name": "Builds", "type": "O"})
other = driver.channels.create_channel(options={"team_id": team["id"], "name": "alerts", "display_name": "Alerts", "type": "O"})
post = driver.posts.create_post(options={"channel_id": channel["id"], "message": "Builds are told here #builds"})
driver.posts.patch_post(post["id"], options={"message": "Builds are told *here* #builds"})
driver.posts.pin_post_to_channel(post["id"])
assert post["id"] in driver.channels.get_channel_pinned_posts(channel["id"])["posts"]
reply = driver.posts.create_post(options={"channel_id": channel["id"], "root_id": post["id"], "message": "fine"})
assert set(driver.posts.get_thread(post["id"])["posts"]) == {post["id"], reply["id"]}
driver.reactions.create_reaction(options={"user_id": me["id"], "post_id": post["id"], "emoji_name": "tada"})
assert driver.posts.get_post(post["id"])["metadata"]["reactions"][0]["emoji_name"] == "tada"
info = driver.files.upload_file(channel_id=channel["id"], files={"files": ("log.txt", b"all well")})["file_infos"][0]
driver.posts.create_post(options={"channel_id": channel["id"], "message": "the log", "file_ids": [info["id"]]})
assert driver.files.get_file(info["id"]).content == b"all well"

# What a build server needs.
hook = driver.webhooks.create_incoming_hook(options={"channel_id": channel["id"], "display_name": "CI"})
assert driver.webhooks.get_incoming_hook(hook["id"])["display_name"] == "CI"
ci = Webhook(site, hook["id"], username="ci")
ci.send("build 1 is *fine*")
ci.send("build 2 broke", channel="alerts", attachments=[{"color": "danger", "text": "3 tests", "fields": [{"title": "branch", "value": "main", "short": True}]}])
ci["builds"] = {"text": "<!here> build 3", "username": "release"}
posts = driver.posts.get_posts_for_channel(channel["id"])
first = next(p for p in posts["posts"].values() if p["message"] == "build 1 is *fine*")
assert (first["props"]["override_username"], first["props"]["from_webhook"]) == ("ci", "true"), first
alerts = driver.posts.get_posts_for_channel(other["id"])["posts"].values()
assert next(p for p in alerts if p["message"] == "build 2 broke")["props"]["attachments"][0]["fields"][0]["value"] == "main"
builds = posts["posts"].values()
assert any(p["message"] == "@here build 3" and p["props"]["override_username"] == "release" for p in builds), builds
try:
    ci.send("nobody hears this", channel="nowhere")
    raise SystemExit("a channel that does not exist took a message")
except HTTPError as error:
    assert "web.incoming_webhook.channel.app_error" in str(error), error

command = driver.commands.create_command(options={"team_id": team["id"], "method": "P", "trigger": "deploy", "url": "http://bot.lan/deploy"})
listed = driver.commands.list_commands_for_team(params={"team_id": team["id"], "custom_only": "true"})
assert [c["trigger"] for c in listed] == ["deploy"], listed
assert listed[0]["token"] == command["token"], listed
assert driver.commands.execute_command(options={"channel_id": channel["id"], "command": "/shrug"})["response_type"] == "in_channel"
out = driver.webhooks.create_outgoing_hook(options={"team_id": team["id"], "channel_id": channel["id"], "display_name": "bot", "trigger_words": ["ask"], "callback_urls": ["http://bot.lan/ask"]})
assert [h["id"] for h in driver.webhooks.list_outgoing_hooks(params={"team_id": team["id"]})] == [out["id"]]
driver.webhooks.delete_outgoing_hook(out["id"])
try:
    driver.webhooks.get_outgoing_hook(out["id"])
    raise SystemExit("a deleted webhook is there")
except ResourceNotFound:
    pass
found = driver.posts.search_for_team_posts(team["id"], options={"terms": "#builds", "is_or_search": False})
assert post["id"] in found["order"], found
driver.posts.delete_post(reply["id"])
driver.logout()
print("17 passed, 0 failed")
