#!/usr/bin/env python3
"""Writes a realistic bulk export: generate_export.py FILE [users channels posts]

Threads, reactions, mentions, pinned and saved posts in the shares of a working site; the same numbers give the same file.
"""

import json
import random
import sys

WORDS = """water patrol generator ward shift route bridge medicine delivery report morning village radio battery
convoy storage list arrived ready moved needs checked before after tomorrow please thanks agreed where when""".split()
EMOJI = ["+1", "heart", "eyes", "white_check_mark", "smile"]
START = 1_700_000_000_000


def main():
    path = sys.argv[1]
    users, channels, posts = (int(n) for n in (sys.argv[2:5] or (1000, 200, 200_000)))
    rng = random.Random(7)
    people = [f"user{n:04}" for n in range(users)]
    places = [f"channel-{n:03}" for n in range(channels)]
    members = {place: rng.sample(people, min(users, rng.choice([12, 40, 120]))) for place in places}
    joined = {person: [] for person in people}
    for place, inside in members.items():
        for person in inside:
            joined[person].append(place)

    with open(path, "w", encoding="utf-8") as out:
        def line(kind, record):
            out.write(json.dumps({"type": kind, kind: record}, separators=(",", ":")) + "\n")

        out.write('{"type":"version","version":1,"info":{"generator":"bench"}}\n')
        line("team", {"name": "field", "display_name": "Field", "type": "O"})
        for place in places:
            line("channel", {"team": "field", "name": place, "display_name": place, "type": "O"})
        for person in people:
            line("user", {
                "username": person, "email": f"{person}@site.example", "roles": "system_user",
                "teams": [{"name": "field", "roles": "team_user", "channels": [
                    {"name": place, "roles": "channel_user"} for place in joined[person]]}],
            })

        def post(place, at):
            message = " ".join(rng.choices(WORDS, k=rng.choice([3, 8, 15, 40])))
            if rng.random() < 0.15:
                message = f"@{rng.choice(members[place])} {message}"
            record = {"user": rng.choice(members[place]), "message": message, "create_at": at}
            if rng.random() < 0.2:
                reacting = rng.sample(members[place], min(3, len(members[place])))
                record["reactions"] = [
                    {"user": person, "emoji_name": rng.choice(EMOJI), "create_at": at + 1} for person in reacting]
            if rng.random() < 0.005:
                record["flagged_by"] = [rng.choice(members[place])]
            return record

        written, at = 0, START
        while written < posts:
            place = rng.choice(places)
            at += rng.randrange(50, 2000)
            root = post(place, at)
            root.update(team="field", channel=place)
            if rng.random() < 0.01:
                root["is_pinned"] = True
            replies = min(posts - written - 1, rng.choice([0, 0, 0, 1, 3, 8]))
            if replies > 0:
                root["replies"] = [post(place, at + 1 + n) for n in range(replies)]
            written += 1 + max(replies, 0)
            line("post", root)


if __name__ == "__main__":
    main()
