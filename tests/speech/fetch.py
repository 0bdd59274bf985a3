#!/usr/bin/env python3
"""Gets recorded human speech with known text for the tests: fetch.py FOLDER

The recordings come from packages pinned by hash and are not part of this repository. `two_cities.wav` is the opening of
"A Tale of Two Cities" from an audiobook, 44 s, one reader; the short ones have their text in the same package.
"""
import os
import subprocess
import sys
import tempfile
import zipfile

PACKAGES = """\
moonshine-voice==0.1.5 --hash=sha256:1ed9e0ccf94be4845d69e7fa862dcf4c8b5801a758796966494c694f48184496
pytest-audioeval==0.1.3 --hash=sha256:8b97369347232d43180dd9860189c547ccc8dedb42b7c21d511ddc5a05ef7ecc
"""
MEMBERS = {
    "two_cities.wav": "moonshine_voice/assets/two_cities.wav",
    "pt_pangram.wav": "pytest_audioeval/samples/audio/pt/pangrama.wav",
    "pt_pangram.txt": "pytest_audioeval/samples/audio/pt/pangrama.txt",
    "en_fox.wav": "pytest_audioeval/samples/audio/en/quick_brown_fox.wav",
    "en_fox.txt": "pytest_audioeval/samples/audio/en/quick_brown_fox.txt",
}
TWO_CITIES = """It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness,
it was the epoch of belief, it was the epoch of incredulity, it was the season of Light, it was the season of Darkness,
it was the spring of hope, it was the winter of despair, we had everything before us, we had nothing before us,
we were all going direct to Heaven, we were all going direct the other way, in short, the period was so far like the
present period, that some of its noisiest authorities insisted on its being received, for good or for evil, in the
superlative degree of comparison only."""


def main(folder):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "two_cities.txt"), "w") as text:
        text.write(TWO_CITIES)
    if all(os.path.exists(os.path.join(folder, name)) for name in MEMBERS):
        return
    with tempfile.TemporaryDirectory() as work:
        requirements = os.path.join(work, "requirements.txt")
        with open(requirements, "w") as file:
            file.write(PACKAGES)
        subprocess.run(
            [sys.executable, "-m", "pip", "-q", "download", "--no-deps", "--only-binary=:all:", "--require-hashes",
             "--platform", "manylinux_2_34_x86_64", "--platform", "any", "--python-version", "3.11",
             "-r", requirements, "-d", work], check=True)
        for wheel in (f for f in os.listdir(work) if f.endswith(".whl")):
            with zipfile.ZipFile(os.path.join(work, wheel)) as archive:
                for name, member in MEMBERS.items():
                    if member in archive.namelist():
                        partial = os.path.join(folder, name + ".partial")
                        with open(partial, "wb") as out:
                            out.write(archive.read(member))
                        os.rename(partial, os.path.join(folder, name))
    missing = [name for name in MEMBERS if not os.path.exists(os.path.join(folder, name))]
    if missing:
        sys.exit(f"not in the packages: {', '.join(missing)}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
