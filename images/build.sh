#!/usr/bin/env bash
# Makes the bootable image: build.sh BIN CACHE [--output FILE]
# Needs root (mounts); the image tools live in a tree of their own, so the host's versions do not matter.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"
BIN="${1:?folder of the built binaries}"; CACHE="${2:?cache folder}"; shift 2
OUTPUT="$CACHE/image/muster.raw"
while [ $# -gt 0 ]; do
  case "$1" in
    --output) OUTPUT="$(readlink -f "${2:?a file}")"; shift 2 ;;
    *) echo "image: $1: no such flag (--output FILE)" >&2; exit 2 ;;
  esac
done
say() { printf 'image: %s\n' "$*"; }
if [ "$(id -u)" != 0 ]; then exec sudo -E "$0" "$BIN" "$CACHE" --output "$OUTPUT"; fi

WORK="$CACHE/image/work"; TOOLS="$CACHE/image/tools"
# The mirrors that this machine itself uses.
MIRROR="${DEBIAN_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v -e security -e '^file:' | head -n1)}"
SECURITY="${DEBIAN_SECURITY_MIRROR:-$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep security | head -n1)}"
[ -n "$MIRROR" ] || { echo "image: no Debian mirror found; set DEBIAN_MIRROR" >&2; exit 1; }
: "${SECURITY:=${MIRROR%/}-security}"
VERSION="$(git rev-list --count HEAD 2>/dev/null || echo 1)"

mkdir -p "$CACHE/image"
if [ ! -e "$TOOLS/.complete" ]; then
  say "making the tree of image tools"
  rm -rf "$TOOLS"
  mmdebstrap --quiet --variant=apt \
    --include=mkosi,systemd-repart,systemd-ukify,systemd-boot-efi,systemd-container,erofs-utils,dosfstools,mtools,e2fsprogs,cryptsetup-bin,squashfs-tools,zstd,cpio,kmod,debian-archive-keyring,ca-certificates,python3-pefile,apt \
    trixie "$TOOLS" "$MIRROR"
  touch "$TOOLS/.complete"
fi

say "collecting binaries, libraries, web client and models"
mkdir -p "$WORK"
rsync_like() { rm -rf "$2"; mkdir -p "$(dirname "$2")"; cp -a "$1" "$2"; }
# mkosi keeps what it made between builds; only our own parts are laid anew.
for part in mkosi.conf mkosi.repart mkosi.extra; do rsync_like "$part" "$WORK/$part"; done
EXTRA="$WORK/mkosi.extra"
install -d "$EXTRA/usr/lib/muster/bin" "$EXTRA/usr/lib/muster/lib" "$EXTRA/usr/share/muster"
BINARIES=(server rtcd offloader offloader-worker llm)
for binary in "${BINARIES[@]}"; do
  install -m755 "$BIN/$binary" "$EXTRA/usr/lib/muster/bin/$binary"
  strip --strip-debug "$EXTRA/usr/lib/muster/bin/$binary"
done
# The media libraries come from the machine that linked them, without the C library, which the image has newer.
(cd "$BIN" && ldd "${BINARIES[@]}") | awk '$3 ~ /^\// {print $3}' | sort -u |
  grep -vE '/(libc|libm|libdl|libpthread|librt|libresolv|ld-linux[^/]*)\.so' | xargs -r cp -L -t "$EXTRA/usr/lib/muster/lib"
cp -a ../server/web/dist "$EXTRA/usr/share/muster/web"
"$BIN/muster-weights" fetch --models-dir "$CACHE/models" --cache-dir "$CACHE/packages"
cp -a "$CACHE/models" "$EXTRA/usr/share/muster/models"
chmod -R a+rX "$EXTRA/usr"
# mkosi would add archives of its own choosing; this names exactly the mirrors above.
install -d "$WORK/mkosi.sandbox/etc/apt/sources.list.d"
cat > "$WORK/mkosi.sandbox/etc/apt/sources.list.d/mkosi.sources" <<SOURCES
Types: deb
URIs: $MIRROR
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: $SECURITY
Suites: trixie-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES

say "building version $VERSION"
mkdir -p "$WORK/tmp"
./enter.sh "$TOOLS" "$WORK" "cd /build && TMPDIR=/build/tmp mkosi --mirror '$MIRROR' --image-version=$VERSION -f build"
raw="$(readlink -f "$WORK/out/muster_$VERSION.raw")"
mkdir -p "$(dirname "$OUTPUT")"
cp --sparse=always "$raw" "$OUTPUT"
say "$OUTPUT: $(du -h --apparent-size "$OUTPUT" | cut -f1) apparent, $(du -h "$OUTPUT" | cut -f1) on disk"
say "write it to a disk of at least 6 GB, or try it: images/boot_test.py $OUTPUT"
