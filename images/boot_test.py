#!/usr/bin/env python3
"""Boots an image in QEMU, waits for "all healthy" on its console, then uses the site through a forwarded port: signs up,
posts, reads a translation and asks the agent.

usage: boot_test.py IMAGE [--kvm] [--minutes N]

Works on a copy-on-write layer, so the image stays as it was built. Exit code 0 when everything was seen.
"""
import argparse
import json
import os
import re
import selectors
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

FIRMWARE = [
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
]


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def start(image, work, port, kvm):
    code, variables = next(pair for pair in FIRMWARE if os.path.exists(pair[0]))
    own_variables = os.path.join(work, "vars.fd")
    shutil.copy(variables, own_variables)
    disk = os.path.join(work, "disk.qcow2")
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", os.path.abspath(image), disk, "8G"], check=True)
    accelerator = ["-accel", "kvm", "-cpu", "host"] if kvm else ["-accel", "tcg,thread=multi", "-cpu", "max"]
    return subprocess.Popen(
        ["qemu-system-x86_64", "-machine", "q35", *accelerator, "-smp", "2", "-m", "3072",
         "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}",
         "-drive", f"if=pflash,format=raw,unit=1,file={own_variables}",
         "-drive", f"if=none,id=d0,format=qcow2,file={disk}", "-device", "virtio-blk-pci,drive=d0,bootindex=0",
         "-device", "virtio-rng-pci", "-nic", f"user,model=virtio-net-pci,hostfwd=tcp:127.0.0.1:{port}-:8065",
         "-uuid", "5b9a1f7e-1111-4222-8333-0123456789ab",
         "-nodefaults", "-nographic", "-serial", "stdio"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def wait_for(process, pattern, deadline, log):
    """The console line that matches, or None. Everything is written to the log."""
    selector = selectors.DefaultSelector()
    selector.register(process.stdout, selectors.EVENT_READ)
    pending = b""
    while time.time() < deadline:
        if not selector.select(timeout=1):
            continue
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            return None
        log.write(data)
        log.flush()
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            text = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", line).decode("utf8", "replace").strip()
            if re.search(pattern, text):
                return text
            if "emergency mode" in text or "Kernel panic" in text:
                print("console:", text)
                return None
    return None


def call(port, method, path, body=None, token=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method,
                                     data=None if body is None else json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.loads(answer.read()), answer.headers


def sign_up_and_post(port):
    api = "/api/v4"
    call(port, "POST", f"{api}/users", {"email": "ana@site.example", "username": "ana", "password": "Correct-horse-9"})
    _, headers = call(port, "POST", f"{api}/users/login", {"login_id": "ana", "password": "Correct-horse-9"})
    token = headers["Token"]
    team, _ = call(port, "POST", f"{api}/teams", {"name": "field", "display_name": "Field", "type": "O"}, token)
    channel, _ = call(port, "GET", f"{api}/teams/{team['id']}/channels/name/town-square", token=token)
    post, _ = call(port, "POST", f"{api}/posts", {"channel_id": channel["id"], "message": "Hello from the appliance"}, token)
    page, _ = call(port, "GET", f"{api}/channels/{channel['id']}/posts", token=token)
    assert page["posts"][post["id"]]["message"] == "Hello from the appliance"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as page:
        assert b"<script" in page.read(), "the web client is served"
    return token, channel


def read_translation(port, token, channel):
    body = {"channel_id": channel["id"], "message": "The water is clean and the school is open."}
    post, _ = call(port, "POST", "/api/v4/posts", body, token)
    path = f"/plugins/mattermost-channel-translations/post/{post['id']}/translate"
    answer, _ = call(port, "POST", path, {"lang": "pt"}, token)
    assert "escola" in answer["translatedText"].lower(), answer
    return answer["translatedText"]


def ask_agent(port, token, deadline):
    """What the agent answers in a direct message once its answer is whole."""
    api = "/api/v4"
    bot, _ = call(port, "GET", f"{api}/users/username/muster", token=token)
    me, _ = call(port, "GET", f"{api}/users/me", token=token)
    channel, _ = call(port, "POST", f"{api}/channels/direct", [me["id"], bot["id"]], token)
    question = {"channel_id": channel["id"], "message": "What is the capital of France?"}
    asked, _ = call(port, "POST", f"{api}/posts", question, token)
    text = ""
    while time.time() < deadline:
        thread, _ = call(port, "GET", f"{api}/posts/{asked['id']}/thread", token=token)
        answers = [post["message"] for post in thread["posts"].values() if post["user_id"] == bot["id"]]
        before, text = text, "".join(answers)
        if "Paris" in text and text == before:
            return text
        time.sleep(5)
    raise AssertionError(f"no answer of the agent that names Paris; last: {text!r}")


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("image")
    arguments.add_argument("--kvm", action="store_true", help="use hardware virtualisation instead of emulation")
    arguments.add_argument("--minutes", type=int, default=25)
    arguments.add_argument("--log", default="")
    options = arguments.parse_args()
    work = tempfile.mkdtemp(prefix="muster-boot-")
    log_path = options.log or os.path.join(work, "console.log")
    port, begun = free_port(), time.time()
    process = start(options.image, work, port, options.kvm)
    try:
        with open(log_path, "wb") as log:
            line = wait_for(process, r"MUSTER all healthy", begun + options.minutes * 60, log)
        if not line:
            print(f"not healthy within {options.minutes} minutes; console in {log_path}")
            return 1
        print(f"after {time.time() - begun:.0f} s: {line}", flush=True)
        seconds = lambda: f"after {time.time() - begun:.0f} s"
        token, channel = sign_up_and_post(port)
        print(f"{seconds()}: signed up, posted and read it back through the forwarded port", flush=True)
        print(f"{seconds()}: read a translation: {read_translation(port, token, channel)}", flush=True)
        print(f"{seconds()}: the agent says: {ask_agent(port, token, time.time() + 600)}", flush=True)
        return 0
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
        if not options.log:
            shutil.copy(log_path, "/tmp/muster-boot-console.log") if os.path.exists(log_path) else None
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
