"""A day's work of a bot on the Python driver: mattermost_check.py SITE_URL"""
import sys
import time
from urllib.parse import urlparse

import mattermostautodriver as driver_package

Driver = getattr(driver_package, "TypedDriver", None) or driver_package.Driver

url = urlparse(sys.argv[1])
who = f"py{int(time.time() * 1000):x}"
password = "Correct-horse-9"
options = {"url": url.hostname, "port": url.port, "scheme": url.scheme, "basepath": "/api/v4"}

anonymous = Driver(options)
anonymous.users.create_user(email=f"{who}@site.example", username=who, password=password)
driver = Driver({**options, "login_id": who, "password": password})
driver.login()
me = driver.users.get_user("me")
assert me["username"] == who, me
team = driver.teams.create_team(name=who, display_name="Python", type="O")
channel = driver.channels.create_channel(team_id=team["id"], name="ops", display_name="Ops", type="O")
post = driver.posts.create_post(channel_id=channel["id"], message="Hello from Python")
page = driver.posts.get_posts_for_channel(channel["id"])
assert page["posts"][post["id"]]["message"] == "Hello from Python"
driver.reactions.save_reaction(options={"user_id": me["id"], "post_id": post["id"], "emoji_name": "wave"})
assert driver.reactions.get_reactions(post["id"])[0]["emoji_name"] == "wave"
uploaded = driver.files.upload_file(channel_id=channel["id"], files=("note.txt", b"a note"))
info = uploaded["file_infos"][0]
driver.posts.create_post(channel_id=channel["id"], message="with a file", file_ids=[info["id"]])
assert driver.files.get_file_info(info["id"])["name"] == "note.txt"
driver.logout()
print("7 passed, 0 failed")
